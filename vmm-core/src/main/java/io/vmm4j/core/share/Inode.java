package io.vmm4j.core.share;

import io.vmm4j.kvm.libc.InodeStatus;

/**
 * A file that the guest knows, by a descriptor which names it and nothing else (O_PATH): it stays that file whatever becomes of its names. One
 * that is no file of the host's is a {@link Shelf}. Counts are guarded by the {@link InodeTable}.
 */
final class Inode extends HeldDescriptor {

    /** What a file is known by in a table: the same file in two folders is two, for what may be done to it differs. */
    record Key(Folder folder, long device, long number) {
    }

    private final long id;
    private final Key key;
    private final int type;
    private final Shelf shelf;
    /** How often the guest has been told of it, and has not forgotten it. */
    private long lookups;
    /** It stays, forgotten or not. */
    private final boolean isRoot;

    private Inode(long id, Key key, int type, Shelf shelf, boolean isRoot, int fd, Descriptors budget) {
        super(fd, budget);
        this.id = id;
        this.key = key;
        this.type = type;
        this.shelf = shelf;
        this.isRoot = isRoot;
    }

    /** A file of {@code folder}'s. */
    static Inode of(long id, Folder folder, InodeStatus status, boolean isRoot, int fd, Descriptors budget) {
        return new Inode(id, new Key(folder, status.device(), status.inode()), status.type(), null, isRoot, fd, budget);
    }

    /** A directory of the share's own. */
    static Inode of(long id, Shelf shelf, Descriptors budget) {
        return new Inode(id, null, InodeStatus.S_IFDIR, shelf, true, -1, budget);
    }

    long id() {
        return id;
    }

    /** {@code null} for a shelf. */
    Key key() {
        return key;
    }

    Folder folder() {
        return key.folder();
    }

    /** {@code null} for a file of the host's. */
    Shelf shelf() {
        return shelf;
    }

    boolean isRoot() {
        return isRoot;
    }

    boolean isDirectory() {
        return type == InodeStatus.S_IFDIR;
    }

    boolean isRegular() {
        return type == InodeStatus.S_IFREG;
    }

    boolean isLink() {
        return type == InodeStatus.S_IFLNK;
    }

    void count() {
        lookups++;
    }

    /** Returns whether the guest knows it no more. */
    boolean discount(long forgotten) {
        lookups = forgotten < 0 || forgotten >= lookups ? 0 : lookups - forgotten;
        return lookups == 0 && !isRoot;
    }

    boolean isUnknown() {
        return lookups == 0 && !isRoot;
    }
}
