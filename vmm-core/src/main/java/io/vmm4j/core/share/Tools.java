package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FileServer.Caller;
import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.FileCalls;
import io.vmm4j.kvm.libc.FileLocks;
import io.vmm4j.kvm.libc.IoVec;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.ProcessCalls;
import io.vmm4j.kvm.libc.ThreadIdentity;
import java.io.UncheckedIOException;
import java.util.function.IntSupplier;

/**
 * What one thread needs for its calls. Made on that thread, which gets a umask of its own: the guest has applied its own to the modes that it
 * asks for. Where the process is root, what is made belongs to who asks.
 */
final class Tools {

    private static final int PIECES = 512;

    private final FileCalls calls = new FileCalls();
    private final FileLocks locks = new FileLocks();
    private final IoVec vector = new IoVec(PIECES);
    private final boolean isRoot = ProcessCalls.geteuid() == 0;
    private final int ownGroup = ThreadIdentity.group();
    private final boolean cutsModes;

    /** @param isPrivileged files keep set-uid bits when they are written to; the guest's kernel sees to those */
    Tools(boolean isPrivileged) {
        cutsModes = !hasOwnUmask();
        try {
            ThreadIdentity.dropPrivileges(isPrivileged);
        } catch (LinuxException e) {
            // Nothing is served without it.
            throw new UncheckedIOException("a shared folder's thread cannot give up a privilege: " + e.getMessage(), e);
        }
        if (isRoot) {
            ThreadIdentity.keepPrivileges();
        }
    }

    private static boolean hasOwnUmask() {
        try {
            ThreadIdentity.clearUmask();
            return true;
        } catch (LinuxException e) {
            return false; // as where a container's filter of calls forbids it
        }
    }

    FileCalls calls() {
        return calls;
    }

    FileLocks locks() {
        return locks;
    }

    IoVec vector() {
        return vector;
    }

    /** Whether the process's umask has a part in the modes of what is made, so that they are to be set once more. */
    boolean cutsModes() {
        return cutsModes;
    }

    /**
     * Runs {@code call}, which makes something, on behalf of {@code caller} as far as the process may.
     *
     * @throws FsException EOVERFLOW for ids that root does not have here, as in a user namespace: what is made would be root's
     */
    int as(Caller caller, IntSupplier call) throws FsException {
        if (!isRoot || caller.uid() == 0 && caller.gid() == ownGroup) {
            return call.getAsInt();
        }
        return as(caller.uid(), caller.gid(), call);
    }

    private int as(int uid, int gid, IntSupplier call) throws FsException {
        try {
            Errors.require(ThreadIdentity.assume(uid, gid), Errno.EOVERFLOW);
            return call.getAsInt();
        } finally {
            ThreadIdentity.assume(0, ownGroup);
        }
    }

    /** Runs {@code call} as one of {@code group} as far as the process may. */
    int inGroup(int group, IntSupplier call) throws FsException {
        return isRoot && group != ownGroup ? as(0, group, call) : call.getAsInt();
    }

    /** A call that moves data. */
    interface Move {
        long run() throws FsException;
    }

    /** Runs {@code move}, which writes to a file of a privileged folder for who has no privilege in the guest. */
    long droppingSetIds(Move move) throws FsException {
        try {
            ThreadIdentity.keepSetIds(false);
            return move.run();
        } catch (LinuxException e) {
            throw new FsException(Errno.EPERM);
        } finally {
            keepSetIds();
        }
    }

    private static void keepSetIds() throws FsException {
        try {
            ThreadIdentity.keepSetIds(true);
        } catch (LinuxException e) {
            throw new FsException(Errno.EPERM);
        }
    }
}
