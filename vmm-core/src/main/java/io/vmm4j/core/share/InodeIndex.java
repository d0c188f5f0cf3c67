package io.vmm4j.core.share;

import java.util.function.Consumer;

/** Finds inodes by a number, at a few bytes for each: open addressing with linear probing. Guarded by the {@link InodeTable}. */
abstract class InodeIndex {

    private static final int FEWEST = 64;
    private static final long MIX = 0x9E37_79B9_7F4A_7C15L;

    private Inode[] slots = new Inode[FEWEST];
    private int size;

    /** By the number that the guest has for it. */
    static InodeIndex byId() {
        return new InodeIndex() {
            @Override
            long hash(Inode inode) {
                return inode.id();
            }

            @Override
            boolean matches(Inode inode, Volume volume, long number) {
                return inode.id() == number;
            }
        };
    }

    /** By the host's number in its file system. */
    static InodeIndex byNumber() {
        return new InodeIndex() {
            @Override
            long hash(Inode inode) {
                return inode.number();
            }

            @Override
            boolean matches(Inode inode, Volume volume, long number) {
                return inode.number() == number && inode.volume() == volume;
            }
        };
    }

    abstract long hash(Inode inode);

    abstract boolean matches(Inode inode, Volume volume, long number);

    private int home(long hash) {
        long mixed = hash * MIX;
        return (int) (mixed >>> 32) & slots.length - 1;
    }

    private int next(int slot) {
        return slot + 1 & slots.length - 1;
    }

    Inode get(Volume volume, long number) {
        for (int slot = home(number); slots[slot] != null; slot = next(slot)) {
            if (matches(slots[slot], volume, number)) {
                return slots[slot];
            }
        }
        return null;
    }

    /** One that has no equal in here. */
    void add(Inode inode) {
        if (size >= slots.length / 3 * 2) {
            resize(slots.length * 2);
        }
        insert(inode);
        size++;
    }

    private void insert(Inode inode) {
        int slot = home(hash(inode));
        while (slots[slot] != null) {
            slot = next(slot);
        }
        slots[slot] = inode;
    }

    private void resize(int length) {
        Inode[] old = slots;
        slots = new Inode[length];
        for (Inode inode : old) {
            if (inode != null) {
                insert(inode);
            }
        }
    }

    /** Without effect for one that is not in here. */
    void remove(Inode inode) {
        int slot = home(hash(inode));
        while (slots[slot] != inode) {
            if (slots[slot] == null) {
                return;
            }
            slot = next(slot);
        }
        closeGap(slot);
        size--;
        if (slots.length > FEWEST && size < slots.length / 8) {
            resize(slots.length / 2);
        }
    }

    /** Moves up what would not be found behind a gap. */
    private void closeGap(int removed) {
        int gap = removed;
        int slot = next(gap);
        while (slots[slot] != null) {
            int home = home(hash(slots[slot]));
            boolean isReached = gap <= slot ? gap < home && home <= slot : gap < home || home <= slot;
            if (!isReached) {
                slots[gap] = slots[slot];
                gap = slot;
            }
            slot = next(slot);
        }
        slots[gap] = null;
    }

    void forEach(Consumer<Inode> action) {
        for (Inode inode : slots) {
            if (inode != null) {
                action.accept(inode);
            }
        }
    }

    int size() {
        return size;
    }
}
