package io.vmm4j.core.boot;

import io.vmm4j.core.format.FileFormat;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An initial RAM disk, opened and found good. It stays open from the check to the load. Not synchronized. */
public final class Initrd implements Closeable {

    private static final long PAGE = 4096;

    private static final Logger LOG = LoggerFactory.getLogger(Initrd.class);

    private final ImageFile file;
    /** What it is, or {@code null} where no magic number tells. */
    private final FileFormat format;

    private Initrd(ImageFile file, FileFormat format) {
        this.file = file;
        this.format = format;
    }

    /**
     * Opens an initrd. Its content is the kernel's business, but for what none takes: the image of a disk in another form
     * than a disk's own.
     *
     * @throws KernelImageException when it is missing, empty, not a regular file, such an image, or cannot be read
     */
    public static Initrd open(Path path) throws KernelImageException {
        return open(path, path);
    }

    /** As above, with what is at {@code place} for the file called {@code path}. */
    public static Initrd open(Path path, Path place) throws KernelImageException {
        ImageFile file = ImageFile.open("initrd", path, place);
        try {
            FileFormat format = file.format().orElse(null);
            if (format != null && format.kind() == FileFormat.Kind.DISK) {
                throw file.refuse(misfit(format));
            }
            return new Initrd(file, format);
        } catch (KernelImageException | RuntimeException e) {
            KernelImage.closeAfter(e, file);
            throw e;
        }
    }

    private static String misfit(FileFormat format) {
        return "is " + format.description() + "; Linux takes a cpio archive, plain or made smaller by gzip, xz, zstd, bzip2, lzma, lzop or lz4 -l";
    }

    /**
     * Looks whether {@code kernel} can do something with it: a bzImage is Linux, which takes archives of one kind; an ELF
     * kernel may be another's, whose modules may be anything, so there the log has a line.
     *
     * @throws KernelImageException when Linux would not take it
     */
    public void requireFitFor(KernelImage kernel) throws KernelImageException {
        if (format == null || format.isForLinuxInitrd()) {
            return;
        }
        if (kernel.format() == KernelFormat.BZIMAGE) {
            throw file.refuse(misfit(format));
        }
        LOG.warn("initrd {} {}", file.path(), misfit(format));
    }

    /** The file, as it was named. */
    public Path path() {
        return file.path();
    }

    /** Bytes. */
    public long size() {
        return file.size();
    }

    /**
     * Finds the place for this initrd: page-aligned, as high in low RAM as the kernel takes it, above the kernel.
     *
     * @param kernel      the kernel it is for
     * @param lowRamBytes end of the RAM below the hole
     * @return its guest-physical address
     * @throws KernelImageException when it does not fit
     */
    public long place(KernelImage kernel, long lowRamBytes) throws KernelImageException {
        long highest = kernel.setupHeader().map(SetupHeader::initrdAddressMax).orElse(Long.MAX_VALUE);
        long end = highest < lowRamBytes ? highest + 1 : lowRamBytes;
        long floor = kernel.endOfKernel() + PAGE - 1 & -PAGE;
        long room = Math.max(0, end - floor);
        long address = end - file.size() & -PAGE;
        if (file.size() > room || address < floor) {
            throw file.refuse("is too large: " + file.size() + " bytes, there is room for " + (room & -PAGE)
                    + " between the kernel's end at 0x" + Long.toHexString(floor) + " and 0x" + Long.toHexString(end));
        }
        return address;
    }

    /**
     * Copies the initrd to {@code gpa}.
     *
     * @throws IOException          when the file cannot be read, or has become shorter since it was opened
     * @throws GuestMemoryException when that is not RAM
     */
    public void load(GuestMemory memory, long gpa) throws IOException, GuestMemoryException {
        file.load(memory, gpa, 0, file.size());
    }

    /** Closes the file. A second call does nothing. */
    @Override
    public void close() throws IOException {
        file.close();
    }
}
