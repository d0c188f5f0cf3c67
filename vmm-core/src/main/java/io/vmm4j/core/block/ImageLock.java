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
 * One writer or many readers: an open-file-description lock on the whole image, which ends with the descriptor. It keeps
 * two machines apart wherever they run, in one process too, and other monitors that lock their images.
 */
final class ImageLock {

    private static final Logger LOG = LoggerFactory.getLogger(ImageLock.class);

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
            if (!OfdLock.tryLock(fd, exclusive)) {
                throw new ImageInUseException(holder(fd, exclusive));
            }
        } catch (LinuxException e) {
            LOG.warn("disk image {} is not protected against a second writer: {}", image, e.getMessage());
        }
    }

    /** A holder that cannot be told is one all the same. */
    private static String holder(Fd fd, boolean exclusive) {
        OptionalLong pid;
        try {
            pid = OfdLock.holder(fd, exclusive);
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
