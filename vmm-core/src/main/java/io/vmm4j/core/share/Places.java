package io.vmm4j.core.share;

import java.util.Arrays;

/**
 * Where inodes were last seen: a name in a directory. A directory that is some inode's place is kept, forgotten by the guest or not, and counted, so that what is
 * kept is bounded. Guarded by the {@link InodeTable}.
 */
final class Places {

    /** Directories one in the other that are followed. */
    static final int DEEPEST = 4096;

    private final Allowance memory;

    Places(Allowance memory) {
        this.memory = memory;
    }

    /** {@code inode} is called {@code name} in {@code parent} now. Where there is no memory for that, or it would be in itself, it has no place. */
    void put(Inode inode, Inode parent, byte[] name) {
        if (inode.isRoot() || inode.parent == parent && Arrays.equals(inode.name, name)) {
            return;
        }
        int before = inode.name == null ? 0 : inode.name.length;
        boolean isRoom = memory.take(name.length);
        if (inode.name != null) {
            memory.give(before);
        }
        Inode old = inode.parent;
        boolean isPlace = isRoom && !(inode.children > 0 && isIn(parent, inode));
        if (isRoom && !isPlace) {
            memory.give(name.length);
        }
        inode.parent = isPlace ? parent : null;
        inode.name = isPlace ? name : null;
        if (isPlace) {
            parent.children++;
        }
        leave(old);
    }

    /** Whether {@code directory} is {@code other} or below it, as far as that is known: others on the host may have moved it. */
    private static boolean isIn(Inode directory, Inode other) {
        int steps = 0;
        for (Inode at = directory; at != null; at = at.parent) {
            steps++;
            if (at == other || steps > DEEPEST) {
                return true;
            }
        }
        return false;
    }

    /** The guest knows {@code inode} no more. */
    void gone(Inode inode) {
        inode.children++; // as long as this takes
        leave(inode);
    }

    /** One place fewer in {@code directory}, which goes when it was the last, as may the one that is in. */
    private void leave(Inode directory) {
        Inode at = directory;
        while (at != null) {
            at.children--;
            if (at.children > 0 || !at.isGone || at.isRoot()) {
                return;
            }
            memory.give(at.cost());
            Inode parent = at.parent;
            at.parent = null;
            at.name = null;
            at = parent;
        }
    }
}
