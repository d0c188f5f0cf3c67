package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileCalls;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;

/**
 * Opens again what was closed to make room, by the names on the way from a directory that is open. What is found has to be the same file as before: ESTALE
 * when others have renamed it meanwhile, on which a guest's kernel looks the name up anew. Thread-safe.
 */
final class WayBack {

    private final InodeTable table;
    private final Supplier<FileCalls> calls;

    WayBack(InodeTable table, Supplier<FileCalls> calls) {
        this.table = table;
        this.calls = calls;
    }

    private record Step(Inode parent, byte[] name, Inode child) {
    }

    /** Gives {@code inode}, which is held, a descriptor. */
    void open(Inode inode) throws FsException {
        Deque<Step> way = way(inode);
        try {
            while (!way.isEmpty()) {
                open(way.getFirst());
                way.removeFirst().parent().close(); // so that a long way needs few descriptors
            }
        } finally {
            way.forEach(step -> step.parent().close());
        }
    }

    /** From a directory that is open to {@code inode}; each directory on it is held. */
    private Deque<Step> way(Inode inode) throws FsException {
        Deque<Step> way = new ArrayDeque<>();
        Inode at = inode;
        synchronized (table) {
            while (at.fd < 0 && at.parent != null && way.size() < Places.DEEPEST && !at.folder().isGone()) {
                table.use(at.parent);
                way.addFirst(new Step(at.parent, at.name, at));
                at = at.parent;
            }
            if (at.fd >= 0) {
                return way;
            }
        }
        way.forEach(step -> step.parent().close());
        throw new FsException(Errno.ESTALE);
    }

    private void open(Step step) throws FsException {
        table.takeDescriptor();
        FileCalls files = calls.get();
        int fd = files.openBeneath(step.parent().fd(), step.name(), Fd.O_PATH | Fd.O_NOFOLLOW, 0);
        int done = fd < 0 ? fd : files.stat(fd);
        boolean isSame = done >= 0 && step.child().is(files.status());
        if (!isSame) {
            table.giveBack(fd);
            boolean isMissing = done >= 0 || done == -Errno.ENOENT || done == -Errno.ENOTDIR;
            throw new FsException(isMissing ? Errno.ESTALE : -done);
        }
        table.reopened(step.child(), fd);
    }
}
