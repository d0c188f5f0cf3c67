package io.vmm4j.core.share;

import java.util.Map;

/** What the guest has opened: a file or a directory of the host's, or a directory of the share's own. */
final class Handle extends HeldDescriptor {

    private final Inode inode;
    private final boolean isDirectory;
    private final boolean isWritable;

    /**
     * @param inode held; let go of at the end
     * @param fd    taken over; negative for a directory of the share's own
     */
    Handle(Inode inode, boolean isDirectory, boolean isWritable, int fd, Descriptors budget) {
        super(fd, budget);
        this.inode = inode;
        this.isDirectory = isDirectory;
        this.isWritable = isWritable;
    }

    Inode inode() {
        return inode;
    }

    boolean isDirectory() {
        return isDirectory;
    }

    boolean isWritable() {
        return isWritable;
    }

    @Override
    void closed() {
        inode.close();
    }

    /** What is in a directory of the share's own, as it is now. */
    Map<String, Inode> children(InodeTable inodes) {
        return inodes.look(inode, shelf -> Map.copyOf(shelf.children()));
    }
}
