package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.devices.virtio.fs.FuseConstants;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.FileCalls;
import io.vmm4j.kvm.libc.InodeStatus;
import io.vmm4j.kvm.libc.LibC;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The files that the guest knows, by the numbers that it has for them; no number is given twice. Where descriptors run short, those of files that are not in use
 * are closed, the longest unused first, and opened again when the guest comes back to them. Thread-safe.
 */
final class InodeTable {

    private static final int NONE = -1;

    private final Descriptors budget;
    private final Allowance memory;
    private final InodeIndex byId = InodeIndex.byId();
    private final InodeIndex byNumber = InodeIndex.byNumber();
    private final IdleInodes idle = new IdleInodes();
    private final Places places;
    private final Volume own = new Volume(this, null, 0, Volume.OWN, false);
    private final Mounts mounts;
    private final WayBack wayBack;
    /** Descriptors to be closed once the lock is given back: that may take the host a while. */
    private List<Integer> closing = new ArrayList<>();
    private long lastId = FuseConstants.FUSE_ROOT_ID;

    /**
     * @param memory bytes that what is known of files may take
     * @param calls  the calling thread's
     */
    InodeTable(Descriptors budget, Allowance memory, Supplier<FileCalls> calls) {
        this.budget = budget;
        this.memory = memory;
        this.places = new Places(memory);
        this.wayBack = new WayBack(this, calls);
        this.mounts = new Mounts(this, own);
        put(Inode.of(FuseConstants.FUSE_ROOT_ID, own, new Shelf()));
    }

    /** Takes a descriptor from the budget, closing another where that is what it takes. Throws ENFILE where there is none left. */
    void takeDescriptor() throws FsException {
        while (!budget.take()) {
            int closed = NONE;
            synchronized (this) {
                Inode longest = idle.poll();
                if (longest != null) {
                    closed = longest.fd;
                    longest.fd = NONE;
                }
            }
            Errors.require(closed != NONE, Errno.ENFILE);
            close(closed);
        }
    }

    private void close(int fd) {
        LibC.close(fd);
        budget.give();
    }

    /** Gives a descriptor back to the budget that came to nothing; {@code fd} is closed unless it is negative. */
    void giveBack(int fd) {
        if (fd >= 0) {
            LibC.close(fd);
        }
        budget.give();
    }

    /** Holds the file called {@code id}, which the caller lets go of. Throws ESTALE when the guest does not know it, or it cannot be found again. */
    Inode hold(long id) throws FsException {
        Inode inode;
        synchronized (this) {
            inode = byId.get(null, id);
            Errors.require(inode != null, Errno.ESTALE);
            use(inode);
            if (inode.fd >= 0 || inode.shelf() != null) {
                return inode;
            }
        }
        try {
            wayBack.open(inode);
        } catch (FsException e) {
            inode.close();
            throw e;
        }
        return inode;
    }

    /** As {@link #hold}, of the host's files only: EROFS for a directory of the share's own. */
    Inode holdFile(long id) throws FsException {
        Inode inode = hold(id);
        if (inode.shelf() != null) {
            inode.close();
            throw new FsException(Errno.EROFS);
        }
        return inode;
    }

    /** Holds {@code inode} once more; under the table's lock. */
    void use(Inode inode) {
        inode.holds++;
        idle.remove(inode);
    }

    /** One hold fewer. Whose last it is, and that is no folder's own directory, may be closed. */
    void release(Inode inode) {
        int closed = NONE;
        synchronized (this) {
            inode.holds--;
            if (inode.holds == 0 && inode.fd >= 0) {
                if (inode.isGone) {
                    closed = inode.fd;
                    inode.fd = NONE;
                } else if (!inode.isRoot()) {
                    idle.add(inode);
                }
            }
        }
        if (closed != NONE) {
            close(closed);
        }
    }

    /** Gives {@code inode}, which is held, a descriptor, unless it has one; takes {@code fd} over. */
    void reopened(Inode inode, int fd) {
        synchronized (this) {
            if (inode.fd < 0) {
                inode.fd = fd;
                return;
            }
        }
        close(fd);
    }

    /**
     * Counts one more name that the guest was told of the file that {@code fd} is.
     *
     * @param parent held
     * @param fd     taken over, also when this throws; it was taken from the budget already
     * @return its number
     */
    long add(Inode parent, byte[] name, Volume volume, InodeStatus status, int fd) throws FsException {
        boolean isUsed = false;
        try {
            synchronized (this) {
                Errors.require(!volume.folder().isGone() && !parent.isGone, Errno.ESTALE); // it was taken away meanwhile
                Inode inode = byNumber.get(volume, status.inode());
                if (inode == null || inode.fd < 0 && !inode.is(status)) {
                    inode = make(inode, volume, status, fd);
                    isUsed = true;
                } else if (inode.fd < 0) {
                    inode.fd = fd;
                    isUsed = true;
                }
                inode.count();
                places.put(inode, parent, name);
                if (inode.holds == 0 && !inode.isRoot()) {
                    idle.remove(inode);
                    idle.add(inode);
                }
                return inode.id();
            }
        } finally {
            if (!isUsed) {
                close(fd);
            }
        }
    }

    private Inode make(Inode before, Volume volume, InodeStatus status, int fd) throws FsException {
        Inode made = new Inode(lastId + 1, volume, status, false, fd);
        Errors.require(memory.take(made.cost()), Errno.ENFILE);
        if (before != null) {
            byNumber.remove(before); // its number is another file's now
        }
        lastId++;
        put(made);
        return made;
    }

    /** The file that {@code status} is of is called {@code name} in {@code parent} now, if the guest knows it. */
    synchronized void moved(Volume volume, InodeStatus status, Inode parent, byte[] name) {
        Inode inode = byNumber.get(volume, status.inode());
        if (inode != null && !parent.isGone && (inode.fd >= 0 || inode.is(status))) {
            places.put(inode, parent, name);
        }
    }

    /** Counts a name of a folder's own directory, or of one of the share's own; under the table's lock. */
    Inode counted(Inode root) {
        root.count();
        return root;
    }

    /**
     * Has {@code folder} appear at a place: below directories of the share's own, which are made, or in place of the root.
     *
     * @param place names, none for the root
     * @throws IllegalArgumentException when there is something
     */
    synchronized void mount(Folder folder, List<String> place) {
        mounts.add(folder, place);
    }

    /** Takes the folder at {@code place} away, and all the guest knows of it, whose numbers it returns: none when there is nothing. */
    Set<Long> unmount(List<String> place) {
        Set<Long> gone = new HashSet<>();
        synchronized (this) {
            Folder folder = mounts.remove(place);
            if (folder == null) {
                return Set.of();
            }
            folder.leave();
            drop(inode -> inode.folder() == folder).forEach(inode -> gone.add(inode.id()));
            mounts.removed(place);
        }
        closeAll();
        return gone;
    }

    /** Runs {@code look} at a directory of the share's own while nothing is mounted. */
    synchronized <T> T look(Inode directory, Function<Shelf, T> look) {
        return look.apply(directory.shelf());
    }

    /** The directories of all folders below a directory of the share's own, by number. */
    synchronized List<Long> foldersBelow(Inode directory) {
        List<Long> found = new ArrayList<>();
        byId.forEach(inode -> {
            if (inode.isRoot() && inode.shelf() == null && mounts.isBelow(directory.shelf(), inode)) {
                found.add(inode.id());
            }
        });
        return found;
    }

    /** Under the table's lock. */
    Inode root() {
        return byId.get(null, FuseConstants.FUSE_ROOT_ID);
    }

    /** Under the table's lock. */
    long newId() {
        return ++lastId;
    }

    /** Under the table's lock. */
    void put(Inode inode) {
        byId.add(inode);
        if (inode.shelf() == null) {
            byNumber.add(inode);
        }
    }

    void forget(long id, long lookups) {
        synchronized (this) {
            Inode inode = byId.get(null, id);
            if (inode == null || !inode.discount(lookups)) {
                return;
            }
            remove(inode);
        }
        closeAll();
    }

    /** The guest has no number for it any more; under the table's lock. */
    void remove(Inode inode) {
        byId.remove(inode);
        if (inode.shelf() == null) {
            byNumber.remove(inode);
        }
        idle.remove(inode);
        inode.isGone = true;
        if (inode.holds == 0 && inode.fd >= 0) {
            closing.add(inode.fd);
            inode.fd = NONE;
        }
        if (inode.shelf() == null && !inode.isRoot()) {
            places.gone(inode);
        }
    }

    /** Forgets all that the guest was told of. */
    void forgetAll() {
        synchronized (this) {
            drop(inode -> !inode.isRoot());
        }
        closeAll();
    }

    /** Forgets all there is. */
    void clear() {
        synchronized (this) {
            drop(inode -> true);
        }
        closeAll();
    }

    private void closeAll() {
        List<Integer> gone;
        synchronized (this) {
            gone = closing;
            closing = gone.isEmpty() ? gone : new ArrayList<>();
        }
        gone.forEach(this::close);
    }

    private List<Inode> drop(Predicate<Inode> which) {
        List<Inode> gone = new ArrayList<>();
        byId.forEach(inode -> {
            if (which.test(inode)) {
                gone.add(inode);
            }
        });
        gone.forEach(this::remove);
        return gone;
    }

    /** Files that the guest knows, and directories of the share's own. */
    synchronized int size() {
        return byId.size();
    }
}
