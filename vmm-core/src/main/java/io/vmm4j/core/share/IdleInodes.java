package io.vmm4j.core.share;

/** Inodes that have a descriptor and are not in use, the longest unused first. Guarded by the {@link InodeTable}. */
final class IdleInodes {

    private Inode first;
    private Inode last;

    boolean has(Inode inode) {
        return inode.previous != null || first == inode;
    }

    void add(Inode inode) {
        inode.previous = last;
        if (last == null) {
            first = inode;
        } else {
            last.next = inode;
        }
        last = inode;
    }

    void remove(Inode inode) {
        if (!has(inode)) {
            return;
        }
        if (inode.previous == null) {
            first = inode.next;
        } else {
            inode.previous.next = inode.next;
        }
        if (inode.next == null) {
            last = inode.previous;
        } else {
            inode.next.previous = inode.previous;
        }
        inode.previous = null;
        inode.next = null;
    }

    /** The longest unused, which is none of them any more, or {@code null}. */
    Inode poll() {
        Inode inode = first;
        if (inode != null) {
            remove(inode);
        }
        return inode;
    }
}
