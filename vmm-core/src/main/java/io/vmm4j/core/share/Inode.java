package io.vmm4j.core.share;

import io.vmm4j.kvm.libc.InodeStatus;

/**
 * A file that the guest knows: by a descriptor which names it and nothing else (O_PATH), so that it stays that file whatever becomes of its names. The
 * descriptor of one that is not in use may be closed to make room; then it is known by its {@linkplain #parent place}, and by what makes sure that
 * what is found there is the same file. One that is no file of the host's is a {@link Shelf}.
 *
 * <p>All that changes is guarded by the {@link InodeTable}; the descriptor stays as it is while the inode is held. Kept small, as there may be a million.
 */
final class Inode implements AutoCloseable {

    private static final int NONE = -1;

    private final long id;
    /** The host's number of it. */
    private final long number;
    /** When it was made, 0 where that is not known: a number may be another file's later. */
    private final long birth;
    private final Volume volume;
    private final short type;
    private final Shelf shelf;
    /** It stays, forgotten or not. */
    private final boolean isRoot;

    int fd;
    int holds;
    /** How often the guest has been told of it, and has not forgotten it. */
    private int lookups;
    /** The guest has no number for it any more. */
    boolean isGone;
    /** Where it was last seen; {@code null} where that is not known. */
    Inode parent;
    byte[] name;
    /** Those whose place is in this directory. */
    int children;
    /** Neighbours among those that are not in use, the longest unused first; see {@link IdleInodes}. */
    Inode previous;
    Inode next;

    /** A file of the host's, by a descriptor that names it. */
    Inode(long id, Volume volume, InodeStatus status, boolean isRoot, int fd) {
        this(id, volume, status.inode(), volume.birth(status), status.type(), null, isRoot, fd);
    }

    private Inode(long id, Volume volume, long number, long birth, int type, Shelf shelf, boolean isRoot, int fd) {
        this.id = id;
        this.volume = volume;
        this.number = number;
        this.birth = birth;
        this.type = (short) type;
        this.shelf = shelf;
        this.isRoot = isRoot;
        this.fd = fd;
    }

    /** A directory of the share's own. */
    static Inode of(long id, Volume volume, Shelf shelf) {
        return new Inode(id, volume, id, 0, InodeStatus.S_IFDIR, shelf, true, NONE);
    }

    long id() {
        return id;
    }

    long number() {
        return number;
    }

    Volume volume() {
        return volume;
    }

    /** {@code null} of a shelf. */
    Folder folder() {
        return volume.folder();
    }

    /** {@code null} for a file of the host's. */
    Shelf shelf() {
        return shelf;
    }

    /** The descriptor, while it is held. */
    int fd() {
        return fd;
    }

    boolean isRoot() {
        return isRoot;
    }

    boolean isDirectory() {
        return isType(InodeStatus.S_IFDIR);
    }

    boolean isRegular() {
        return isType(InodeStatus.S_IFREG);
    }

    boolean isLink() {
        return isType(InodeStatus.S_IFLNK);
    }

    private boolean isType(int wanted) {
        return (type & 0xFFFF) == wanted;
    }

    /** Whether {@code status} is of the same file, rather than of one that has its number now. */
    boolean is(InodeStatus status) {
        return status.device() == volume.device() && status.inode() == number && isType(status.type()) && volume.birth(status) == birth;
    }

    void count() {
        if (lookups < Integer.MAX_VALUE) {
            lookups++;
        }
    }

    /** Returns whether the guest knows it no more. */
    boolean discount(long forgotten) {
        lookups = forgotten < 0 || forgotten >= lookups ? 0 : lookups - (int) forgotten;
        return lookups == 0 && !isRoot;
    }

    /** Bytes that it takes, about. */
    int cost() {
        return name == null ? 100 : 100 + name.length;
    }

    /** Lets go of it. */
    @Override
    public void close() {
        volume.table().release(this);
    }
}
