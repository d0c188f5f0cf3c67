package io.vmm4j.core.share;

import java.util.List;
import java.util.Map;

/** What the guest has opened: a file or a directory of the host's, or a directory of the share's own. */
final class Handle extends HeldDescriptor {

    private final Inode inode;
    private final boolean isDirectory;
    private final boolean isWritable;
    private final boolean onlyAppends;
    /** Whether an owner's locks are on this open file itself, as it can be opened no second time; guarded by this. */
    private boolean isLent;

    /**
     * @param inode       held; let go of at the end
     * @param onlyAppends whether all that is written comes to the file's end, wherever it is said to go
     * @param fd          taken over; negative for a directory of the share's own
     */
    Handle(Inode inode, boolean isDirectory, boolean isWritable, boolean onlyAppends, int fd, Descriptors budget) {
        super(fd, budget);
        this.inode = inode;
        this.isDirectory = isDirectory;
        this.isWritable = isWritable;
        this.onlyAppends = onlyAppends;
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

    boolean onlyAppends() {
        return onlyAppends;
    }

    /** Lends its open file to be locked; false when another has it. */
    synchronized boolean lend() {
        boolean isFree = !isLent;
        isLent = true;
        return isFree;
    }

    synchronized void takeBack() {
        isLent = false;
    }

    @Override
    void closed() {
        inode.close();
    }

    /** What is in a directory of the share's own, as it is now, in the order in which it came. */
    List<Map.Entry<String, Inode>> children(InodeTable inodes) {
        return inodes.look(inode, shelf -> List.copyOf(shelf.children().entrySet()));
    }
}
