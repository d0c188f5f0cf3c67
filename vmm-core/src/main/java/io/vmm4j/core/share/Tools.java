package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FileServer.Caller;
import io.vmm4j.kvm.libc.FileCalls;
import io.vmm4j.kvm.libc.FileLocks;
import io.vmm4j.kvm.libc.IoVec;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.ProcessCalls;
import io.vmm4j.kvm.libc.ThreadIdentity;
import java.io.UncheckedIOException;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one thread needs for its calls. Made on that thread, which gets a umask of its own: the guest has applied its own to the modes that it
 * asks for. Where the process is root, what is made belongs to who asks.
 */
final class Tools {

    private static final Logger LOG = LoggerFactory.getLogger(Tools.class);
    private static final int PIECES = 512;

    private final FileCalls calls = new FileCalls();
    private final FileLocks locks = new FileLocks();
    private final IoVec vector = new IoVec(PIECES);
    private final boolean isRoot = ProcessCalls.geteuid() == 0;

    /** @param isPrivileged files keep set-uid bits when they are written to; the guest's kernel sees to those */
    Tools(boolean isPrivileged) {
        try {
            ThreadIdentity.clearUmask();
        } catch (LinuxException e) {
            LOG.warn("shared folders: new files have the modes that this process's umask leaves: {}", e.getMessage());
        }
        if (!isPrivileged) {
            dropSetIdPrivilege();
        }
        if (isRoot) {
            ThreadIdentity.keepPrivileges();
        }
    }

    private static void dropSetIdPrivilege() {
        try {
            ThreadIdentity.dropSetIdPrivilege();
        } catch (LinuxException e) {
            // Nothing is served without it.
            throw new UncheckedIOException("a shared folder's thread cannot give up a privilege: " + e.getMessage(), e);
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

    /** Runs {@code call}, which makes something, on behalf of {@code caller} as far as the process may. */
    int as(Caller caller, IntSupplier call) {
        if (!isRoot || caller.uid() == 0 && caller.gid() == 0) {
            return call.getAsInt();
        }
        ThreadIdentity.assume(caller.uid(), caller.gid());
        try {
            return call.getAsInt();
        } finally {
            ThreadIdentity.assume(0, 0);
        }
    }
}
