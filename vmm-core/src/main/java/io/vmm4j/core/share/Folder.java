package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileCalls;
import io.vmm4j.kvm.libc.FileSystemStatus;
import io.vmm4j.kvm.libc.InodeStatus;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A directory of the host's that is shared. Compared by identity: the same directory may be shared twice. Thread-safe. */
final class Folder {

    private final boolean isReadOnly;
    private final boolean isPrivileged;
    private final InodeStatus status;
    private final Volumes volumes;
    private final List<Volume> known = new CopyOnWriteArrayList<>();
    private final int fd;
    private volatile boolean isGone;

    private Folder(boolean isReadOnly, boolean isPrivileged, Volumes volumes, int fd, InodeStatus status, FileSystemStatus kind) {
        this.isReadOnly = isReadOnly;
        this.isPrivileged = isPrivileged;
        this.volumes = volumes;
        this.fd = fd;
        this.status = status;
        known.add(volumes.make(this, status.device(), kind));
    }

    /**
     * Opens a directory by its path, whose links are followed this once.
     *
     * @param isPrivileged set-uid bits, device nodes and the attributes that programs' privileges are in may be made
     * @param volumes      of the share
     * @throws IOException when it is none, cannot be opened, or is the kernel's own and no file system of files
     */
    static Folder open(Path path, boolean isReadOnly, boolean isPrivileged, Volumes volumes) throws IOException {
        FileCalls calls = new FileCalls();
        int fd = calls.openPath(path.toString(), Fd.O_PATH | Fd.O_DIRECTORY);
        if (fd < 0) {
            throw new LinuxException("open(" + path + ")", -fd);
        }
        try {
            check("fstat(" + path + ")", calls.stat(fd));
            InodeStatus status = calls.status();
            check("fstatfs(" + path + ")", calls.statFileSystem(fd));
            FileSystemStatus kind = calls.fileSystemStatus();
            if (!Volumes.isOrdinary(kind)) {
                throw new LinuxException("open(" + path + ")", Errno.EXDEV, "it is in a file system of the kernel's own, such as proc, whose files are not data");
            }
            return new Folder(isReadOnly, isPrivileged, volumes, fd, status, kind);
        } catch (IOException e) {
            calls.close(fd);
            throw e;
        }
    }

    private static void check(String call, int result) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(call, -result);
        }
    }

    /** Its descriptor goes to the result. */
    Inode root(long id) {
        return new Inode(id, known.get(0), status, true, fd);
    }

    /**
     * The file system that a file in it is in.
     *
     * @param file its descriptor
     * @throws FsException EXDEV when the file is in one whose files are not to be shared
     */
    Volume volume(FileCalls calls, int file, long device) throws FsException {
        for (Volume volume : known) {
            if (volume.device() == device) {
                return volume;
            }
        }
        Errors.check(calls.statFileSystem(file));
        FileSystemStatus kind = calls.fileSystemStatus();
        Errors.require(Volumes.isOrdinary(kind), Errno.EXDEV);
        return entered(device, kind);
    }

    private synchronized Volume entered(long device, FileSystemStatus kind) throws FsException {
        for (Volume volume : known) {
            if (volume.device() == device) {
                return volume;
            }
        }
        Errors.require(known.size() < Volumes.MOST, Errno.EXDEV);
        Volume made = volumes.make(this, device, kind);
        known.add(made);
        return made;
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

    /** It is taken from the guest: nothing of it is told any more. */
    void leave() {
        isGone = true;
    }

    boolean isGone() {
        return isGone;
    }

    /** One that was never mounted. */
    void discard() {
        new FileCalls().close(fd);
    }
}
