package io.vmm4j.core.share;

/** What one share may have of something that all shares of the process take from: a part of what the others leave. Thread-safe. */
final class Allowance {

    /** What there is for all. Guards what each has. */
    static final class Pool {
        private final long most;
        private long taken;

        Pool(long most) {
            this.most = most;
        }
    }

    private final Pool pool;
    private final long most;
    private final int part;
    private final int parts;
    private long taken;

    /**
     * @param most  that one may have in any case
     * @param part  of {@code parts}, of what others leave
     */
    Allowance(Pool pool, long most, int part, int parts) {
        this.pool = pool;
        this.most = most;
        this.part = part;
        this.parts = parts;
    }

    /** Takes {@code amount} more, or nothing and returns false. */
    boolean take(long amount) {
        synchronized (pool) {
            long left = pool.most - (pool.taken - taken);
            if (taken + amount > Math.min(most, left / parts * part)) {
                return false;
            }
            taken += amount;
            pool.taken += amount;
            return true;
        }
    }

    void give(long amount) {
        synchronized (pool) {
            taken -= amount;
            pool.taken -= amount;
        }
    }

    long taken() {
        synchronized (pool) {
            return taken;
        }
    }
}
