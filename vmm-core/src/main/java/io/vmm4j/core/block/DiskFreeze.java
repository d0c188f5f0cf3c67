package io.vmm4j.core.block;

/**
 * A disk that is about to stand still for others: all that can fail has been done, and nothing has changed so far. Ends by {@link #commit}, or by
 * {@link #close}, which leaves everything as it was. For one thread.
 */
public final class DiskFreeze implements AutoCloseable {

    private final SharedDisk disk;
    private Runnable commit;
    private final Runnable undo;

    /**
     * @param disk   as it is now; given away by {@link #commit}
     * @param commit has the other go on over it
     * @param undo   the other goes on as if nothing had been
     */
    DiskFreeze(SharedDisk disk, Runnable commit, Runnable undo) {
        this.disk = disk;
        this.commit = commit;
        this.undo = undo;
    }

    /** Has it become so; the disk is the caller's to close from now on. */
    public SharedDisk commit() {
        commit.run();
        commit = null;
        return disk;
    }

    /** Undoes it, unless {@link #commit} has been called. */
    @Override
    public void close() {
        if (commit != null) {
            commit = null;
            undo.run();
        }
    }
}
