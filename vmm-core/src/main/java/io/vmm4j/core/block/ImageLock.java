package io.vmm4j.core.block;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.OfdLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One writer or many readers, by open-file-description locks that end with the descriptor. They keep two machines apart wherever they run, in one
 * process too, and other monitors that lock their images.
 *
 * <p>From byte {@link #OWN} on it is a lock as it is meant: exclusive for a writer. Who locks the whole file, as other monitors do, meets that. QEMU
 * locks single bytes, each only for reading, and looks whether anybody has those of what it does not bear: byte 100 + i says that somebody does i,
 * byte 200 + i that somebody does not bear others doing i, where i is 0 for reading, 1 for writing, 3 for changing the length. So do these.
 */
final class ImageLock {

    private static final Logger LOG = LoggerFactory.getLogger(ImageLock.class);

    /** QEMU: somebody does it. */
    private static final long DOES = 100;
    /** QEMU: somebody does not bear others doing it. */
    private static final long BEARS_NO = 200;
    private static final long READING = 0;
    private static final long WRITING = 1;
    private static final long RESIZING = 3;
    /** Bytes that are nobody's but those who lock whole images. */
    private static final long OWN = 300;

    private ImageLock() {
    }

    /**
     * Locks an image that was just opened. An image that cannot be locked, as on some network file systems, is used
     * unlocked, with a warning.
     *
     * @param exclusive whether it will be written to; {@code fd} is open for that
     * @throws ImageInUseException when somebody else's lock is in the way
     */
    static void take(Fd fd, Path image, boolean exclusive) throws ImageInUseException {
        try {
            lock(fd, exclusive, OWN, OfdLock.TO_END);
            lock(fd, false, DOES + READING, 1);
            lock(fd, false, BEARS_NO + WRITING, 1);
            lock(fd, false, BEARS_NO + RESIZING, 1);
            if (exclusive) {
                lock(fd, false, DOES + WRITING, 1);
                lock(fd, false, DOES + RESIZING, 1);
                requireNobody(fd, BEARS_NO + WRITING);
                requireNobody(fd, BEARS_NO + RESIZING);
            }
            requireNobody(fd, BEARS_NO + READING);
            requireNobody(fd, DOES + WRITING);
            requireNobody(fd, DOES + RESIZING);
        } catch (LinuxException e) {
            LOG.warn("disk image {} is not protected against a second writer: {}", image, e.getMessage());
        }
    }

    private static void lock(Fd fd, boolean exclusive, long from, long length) throws ImageInUseException, LinuxException {
        if (!OfdLock.tryLock(fd, exclusive, from, length)) {
            throw new ImageInUseException(holder(fd, exclusive, from, length));
        }
    }

    /** Nobody has a byte locked but, as has been seen before, for reading and with the whole file. */
    private static void requireNobody(Fd fd, long at) throws ImageInUseException, LinuxException {
        if (OfdLock.inTheWay(fd, true, at, 1).orElse(0) > 0) {
            throw new ImageInUseException(holder(fd, true, at, 1));
        }
    }

    /** A holder that cannot be told is one all the same. */
    private static String holder(Fd fd, boolean exclusive, long from, long length) {
        OptionalLong pid;
        try {
            pid = OfdLock.holder(fd, exclusive, from, length);
        } catch (LinuxException e) {
            pid = OptionalLong.empty();
        }
        if (pid.isEmpty()) {
            return "another process";
        }
        if (pid.getAsLong() == ProcessHandle.current().pid()) {
            return "another drive of this process";
        }
        return "process " + pid.getAsLong() + nameOf(pid.getAsLong());
    }

    private static String nameOf(long pid) {
        try {
            return " (" + Files.readString(Path.of("/proc/" + pid + "/comm")).strip() + ")";
        } catch (IOException e) {
            return ""; // it has ended meanwhile
        }
    }
}
