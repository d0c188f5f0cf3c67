package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileCalls;
import io.vmm4j.kvm.libc.InodeStatus;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.Path;

/** A directory of the host's that is shared. Compared by identity: the same directory may be shared twice. */
final class Folder {

    private static final int SHIFT = 56;

    private final Path path;
    private final boolean isReadOnly;
    private final boolean isPrivileged;
    private final int number;
    private final InodeStatus status;
    private final int fd;

    private Folder(Path path, boolean isReadOnly, boolean isPrivileged, int number, int fd, InodeStatus status) {
        this.path = path;
        this.isReadOnly = isReadOnly;
        this.isPrivileged = isPrivileged;
        this.number = number;
        this.fd = fd;
        this.status = status;
    }

    /**
     * Opens a directory by its path, whose links are followed this once.
     *
     * @param isPrivileged set-uid bits, device nodes and the attributes that programs' privileges are in may be made
     * @param number       of the folder in its share, which keeps the files' numbers apart
     * @throws IOException when it is none, or cannot be opened
     */
    static Folder open(Path path, boolean isReadOnly, boolean isPrivileged, int number) throws IOException {
        FileCalls calls = new FileCalls();
        int fd = calls.openPath(path.toString(), Fd.O_PATH | Fd.O_DIRECTORY);
        if (fd < 0) {
            throw new LinuxException("open(" + path + ")", -fd);
        }
        int done = calls.stat(fd);
        if (done < 0) {
            calls.close(fd);
            throw new LinuxException("fstat(" + path + ")", -done);
        }
        return new Folder(path, isReadOnly, isPrivileged, number, fd, calls.status());
    }

    /** Its descriptor goes to the result. */
    Inode root(long id, Descriptors budget) {
        return Inode.of(id, this, status, true, fd, budget);
    }

    Path path() {
        return path;
    }

    boolean isPrivileged() {
        return isPrivileged;
    }

    /** Throws EROFS where nothing may be changed. */
    void requireWritable() throws FsException {
        Errors.require(!isReadOnly, Errno.EROFS);
    }

    boolean isReadOnly() {
        return isReadOnly;
    }

    /** The number that the guest sees for a file: its own, but for files of other file systems below, and for other folders of the share. */
    long inodeNumber(long device, long inode) {
        long other = device == status.device() ? 0 : Long.hashCode(device) & 0xFF;
        return inode ^ (long) number + other << SHIFT;
    }
}
