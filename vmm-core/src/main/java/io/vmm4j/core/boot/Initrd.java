package io.vmm4j.core.boot;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/** An initial RAM disk, opened and found good. It stays open from the check to the load. Not synchronized. */
public final class Initrd implements Closeable {

    private static final long PAGE = 4096;

    private final ImageFile file;

    private Initrd(ImageFile file) {
        this.file = file;
    }

    /**
     * Opens an initrd. Its content is the kernel's business.
     *
     * @throws KernelImageException when it is missing, empty, not a regular file, or cannot be read
     */
    public static Initrd open(Path path) throws KernelImageException {
        return new Initrd(ImageFile.open("initrd", path));
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
