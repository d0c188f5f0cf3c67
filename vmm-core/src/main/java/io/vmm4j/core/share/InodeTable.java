package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.devices.virtio.fs.FuseConstants;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.InodeStatus;
import io.vmm4j.kvm.libc.LibC;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The files that the guest knows, by the numbers that it has for them; no number is given twice. Thread-safe. */
final class InodeTable {

    private final Descriptors budget;
    private final Map<Long, Inode> byId = new HashMap<>();
    private final Map<Inode.Key, Inode> byKey = new HashMap<>();
    private long lastId = FuseConstants.FUSE_ROOT_ID;

    InodeTable(Descriptors budget) {
        this.budget = budget;
        put(Inode.of(FuseConstants.FUSE_ROOT_ID, new Shelf(), budget));
    }

    /** Holds the file called {@code id}, which the caller lets go of. Throws ESTALE when the guest does not know it. */
    Inode hold(long id) throws FsException {
        Inode inode;
        synchronized (this) {
            inode = byId.get(id);
        }
        if (inode == null || !inode.hold()) {
            throw new FsException(Errno.ESTALE);
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

    /**
     * Counts one more name that the guest was told of the file that {@code fd} is.
     *
     * @param fd taken over; it was taken from the budget already
     * @return its number
     */
    long add(Folder folder, InodeStatus status, int fd) {
        Inode known;
        synchronized (this) {
            known = byKey.get(new Inode.Key(folder, status.device(), status.inode()));
            if (known == null) {
                lastId++;
                Inode added = Inode.of(lastId, folder, status, false, fd, budget);
                put(added);
                added.count();
                return lastId;
            }
            known.count();
        }
        LibC.close(fd);
        budget.give();
        return known.id();
    }

    /** A file of the host's that is a folder's own directory, or a directory of the share's own: counts a name of it. */
    synchronized Inode counted(Inode root) {
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
        Inode at = byId.get(FuseConstants.FUSE_ROOT_ID);
        if (place.isEmpty()) {
            requireFree(at.shelf() != null && at.shelf().isEmpty(), "/");
            remove(at);
            put(folder.root(FuseConstants.FUSE_ROOT_ID, budget));
            return;
        }
        for (String name : place.subList(0, place.size() - 1)) {
            requireFree(at.shelf() != null, name);
            Inode next = at.shelf().child(name);
            if (next == null) {
                next = Inode.of(++lastId, new Shelf(), budget);
                at.shelf().put(name, next);
                put(next);
            }
            at = next;
        }
        String last = place.get(place.size() - 1);
        requireFree(at.shelf() != null && at.shelf().child(last) == null, last);
        Inode root = folder.root(++lastId, budget);
        at.shelf().put(last, root);
        put(root);
    }

    private static void requireFree(boolean isFree, String name) {
        if (!isFree) {
            throw new IllegalArgumentException("something is mounted at \"" + name + "\" already");
        }
    }

    /** Takes the folder at {@code place} away, and all the guest knows of it, whose numbers it returns: none when there is nothing. */
    Set<Long> unmount(List<String> place) {
        List<Inode> gone = new ArrayList<>();
        synchronized (this) {
            Inode at = byId.get(FuseConstants.FUSE_ROOT_ID);
            Inode above = null;
            for (String name : place) {
                above = at;
                at = at == null || at.shelf() == null ? null : at.shelf().child(name);
            }
            if (at == null || at.shelf() != null) {
                return Set.of();
            }
            Folder folder = at.folder();
            byId.values().stream().filter(inode -> inode.key() != null && inode.folder() == folder).forEach(gone::add);
            gone.forEach(this::remove);
            if (above == null) {
                put(Inode.of(FuseConstants.FUSE_ROOT_ID, new Shelf(), budget));
            } else {
                above.shelf().remove(place.get(place.size() - 1));
            }
        }
        gone.forEach(Inode::close);
        return gone.stream().map(Inode::id).collect(Collectors.toSet());
    }

    /** Runs {@code look} at a directory of the share's own while nothing is mounted. */
    synchronized <T> T look(Inode directory, Function<Shelf, T> look) {
        return look.apply(directory.shelf());
    }

    private void put(Inode inode) {
        byId.put(inode.id(), inode);
        if (inode.key() != null) {
            byKey.put(inode.key(), inode);
        }
    }

    void forget(long id, long lookups) {
        Inode gone;
        synchronized (this) {
            Inode inode = byId.get(id);
            gone = inode != null && inode.discount(lookups) ? remove(inode) : null;
        }
        if (gone != null) {
            gone.close();
        }
    }

    private Inode remove(Inode inode) {
        byId.remove(inode.id());
        if (inode.key() != null) {
            byKey.remove(inode.key(), inode);
        }
        return inode;
    }

    /** Forgets all that the guest was told of. */
    void forgetAll() {
        drop(inode -> !inode.isRoot());
    }

    /** Forgets all there is. */
    void clear() {
        drop(inode -> true);
    }

    private void drop(Predicate<Inode> which) {
        List<Inode> gone = new ArrayList<>();
        synchronized (this) {
            byId.values().stream().filter(which).forEach(gone::add);
            gone.forEach(this::remove);
        }
        gone.forEach(Inode::close);
    }

    /** Files that the guest knows, and directories of the share's own. */
    synchronized int size() {
        return byId.size();
    }
}
