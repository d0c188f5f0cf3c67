package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FuseConstants;
import java.util.List;

/** Where folders are in a share: directories of its own, and what hangs in them. Guarded by the {@link InodeTable}. */
final class Mounts {

    private final InodeTable table;
    private final Volume own;

    Mounts(InodeTable table, Volume own) {
        this.table = table;
        this.own = own;
    }

    void add(Folder folder, List<String> place) {
        Inode at = table.root();
        if (place.isEmpty()) {
            requireFree(at.shelf() != null && at.shelf().isEmpty(), "/");
            table.remove(at);
            table.put(folder.root(FuseConstants.FUSE_ROOT_ID));
            return;
        }
        requireFree(at, place);
        for (String name : place.subList(0, place.size() - 1)) {
            Inode next = at.shelf().child(name);
            if (next == null) {
                next = Inode.of(table.newId(), own, new Shelf());
                at.shelf().put(name, next);
                table.put(next);
            }
            at = next;
        }
        Inode root = folder.root(table.newId());
        at.shelf().put(place.get(place.size() - 1), root);
        table.put(root);
    }

    /** Before anything is made. */
    private static void requireFree(Inode root, List<String> place) {
        Inode at = root;
        for (String name : place) {
            if (at == null) {
                return;
            }
            requireFree(at.shelf() != null, name);
            at = at.shelf().child(name);
        }
        requireFree(at == null, place.get(place.size() - 1));
    }

    private static void requireFree(boolean isFree, String name) {
        if (!isFree) {
            throw new IllegalArgumentException("something is mounted at \"" + name + "\" already");
        }
    }

    private Inode at(List<String> place) {
        Inode at = table.root();
        for (String name : place) {
            at = at == null || at.shelf() == null ? null : at.shelf().child(name);
        }
        return at;
    }

    /** The folder that is to go; {@code null} when there is none. */
    Folder remove(List<String> place) {
        Inode at = at(place);
        return at == null || at.shelf() != null ? null : at.folder();
    }

    /** Its inodes have gone: so does its name, and the directories that were for it alone. */
    void removed(List<String> place) {
        if (place.isEmpty()) {
            table.put(Inode.of(FuseConstants.FUSE_ROOT_ID, own, new Shelf()));
            return;
        }
        for (int length = place.size(); length > 0; length--) {
            Inode above = at(place.subList(0, length - 1));
            above.shelf().remove(place.get(length - 1));
            if (!above.shelf().isEmpty() || length == 1) {
                return;
            }
            table.remove(above);
        }
    }

    boolean isBelow(Shelf shelf, Inode root) {
        return shelf.children().values().stream().anyMatch(child -> child == root || child.shelf() != null && isBelow(child.shelf(), root));
    }
}
