package io.vmm4j.core.block.qcow2;

import io.vmm4j.core.block.DiskBackend;
import io.vmm4j.core.block.DiskFile;
import io.vmm4j.core.block.ImageInUseException;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The files behind an image, opened one after the other for reading. What a file is, the header of the one before says, and nobody's guess: a raw
 * one may begin with whatever its guest wrote there.
 */
final class BackingChain {

    /** Images one behind the other. */
    private static final int MAX_DEPTH = 64;
    /** What QEMU takes for the name of a protocol or of a JSON description in place of a path. */
    private static final Pattern PROTOCOL = Pattern.compile("[A-Za-z0-9+.-]+:.*", Pattern.DOTALL);

    private static final String BEHIND = "has behind it ";
    private static final String CHAIN = "has a chain of ";

    /** The file type bits of a mode, and a block device's. */
    private static final int S_IFMT = 0170000;
    private static final int S_IFBLK = 0060000;

    private final Set<String> seen = new HashSet<>();

    /** One more file belongs to it. */
    void add(DiskFile file) throws IOException {
        if (!seen.add(file.identity())) {
            throw new Qcow2Exception(CHAIN + "backing files that comes back to where it was");
        }
        if (seen.size() > MAX_DEPTH) {
            throw new Qcow2Exception(CHAIN + "more than " + MAX_DEPTH + " images");
        }
    }

    /** Opens what is behind the image at {@code path}; {@code null} when that is nothing. */
    BlkBackend open(Qcow2Header header, Path path, boolean direct) throws IOException {
        String name = header.backingFile();
        if (name == null) {
            return null;
        }
        String format = header.backingFormat();
        if (format == null) {
            throw new Qcow2Exception("does not say what its backing file " + name + " is: `qemu-img rebase -u -b " + name + " -F FORMAT " + path
                    + "` does, with FORMAT raw or qcow2");
        }
        if (!format.equals("raw") && !format.equals("qcow2")) {
            throw new Qcow2Exception("has a backing file of format \"" + format + "\": only raw and qcow2 are supported");
        }
        Path backing = resolve(name, path);
        if (Files.exists(backing) && !Files.isRegularFile(backing) && !isBlockDevice(backing)) {
            throw behind(backing, "is neither a file nor a block device");
        }
        try {
            return format.equals("raw") ? openRaw(backing, direct) : openImage(backing, direct);
        } catch (ImageInUseException e) {
            throw behind(backing, "is " + e.getMessage());
        } catch (LinuxException e) {
            Shortage.rethrow(e);
            throw behind(backing, e.errno() == Errno.ENOENT ? "does not exist" : "cannot be opened for reading: " + Errno.message(e.errno()));
        } catch (Qcow2Exception e) {
            throw e.getMessage().startsWith(BEHIND) || e.getMessage().startsWith(CHAIN) ? e : behind(backing, e.getMessage());
        }
    }

    private static Qcow2Exception behind(Path backing, String what) {
        return new Qcow2Exception(BEHIND + backing + ", which " + what);
    }

    private static Path resolve(String name, Path path) throws Qcow2Exception {
        String file = name.startsWith("file:") ? name.substring("file:".length()) : name;
        if (PROTOCOL.matcher(file).matches()) {
            throw new Qcow2Exception("has backing file " + name + ": only files are supported");
        }
        try {
            return path.resolveSibling(file);
        } catch (InvalidPathException e) {
            throw new Qcow2Exception("has a backing file whose name is no path");
        }
    }

    private static boolean isBlockDevice(Path path) throws IOException {
        return ((int) Files.getAttribute(path, "unix:mode") & S_IFMT) == S_IFBLK;
    }

    private BlkBackend openRaw(Path path, boolean direct) throws IOException {
        DiskFile file = DiskFile.open(path, true, direct);
        try {
            add(file);
            return new DiskBackend(file);
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    private BlkBackend openImage(Path path, boolean direct) throws IOException {
        Qcow2Image image = Qcow2Image.open(path, true, direct, this, DiskBackend::new);
        return image.toBackend(DiskBackend::new);
    }
}
