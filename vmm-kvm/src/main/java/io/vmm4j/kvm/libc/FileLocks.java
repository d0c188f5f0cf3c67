package io.vmm4j.kvm.libc;

/**
 * Locks on ranges of a file, by open file (fcntl F_OFD_SETLK), and flock(2), both without waiting. Returns as {@link FileCalls} does. Holds the memory
 * that a range passes through: one for each thread.
 */
public final class FileLocks {
    /** A lock for reading. */
    public static final int F_RDLCK = 0;
    /** A lock for writing. */
    public static final int F_WRLCK = 1;
    /** No lock. */
    public static final int F_UNLCK = 2;

    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;
    private static final int LOCK_SH = 1;
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;
    private static final int LOCK_UN = 8;
    /* struct flock { short l_type, l_whence; off_t l_start, l_len; pid_t l_pid; } */
    private static final int L_TYPE = 0;
    private static final int L_START = 8;
    private static final int L_LEN = 16;
    private static final int L_PID = 24;
    private static final int SIZE = 32;

    private final NativeStruct flock = NativeStruct.allocate(SIZE);

    /**
     * Takes, changes or gives back a lock of the open file {@code fd}.
     *
     * @param length 0 for all up to the end
     * @return -EAGAIN when another is in the way
     */
    public int set(int fd, int type, long start, long length) {
        return call(fd, F_OFD_SETLK, type, start, length);
    }

    /** Looks for a lock in the way, which {@link #type()} and the others have then. */
    public int test(int fd, int type, long start, long length) {
        return call(fd, F_OFD_GETLK, type, start, length);
    }

    private int call(int fd, int command, int type, long start, long length) {
        flock.bytes().putShort(L_TYPE, (short) type).putShort(L_TYPE + 2, (short) 0).putLong(L_START, start).putLong(L_LEN, length).putInt(L_PID, 0);
        int done = LibC.fcntl(fd, command, flock);
        int errno = done < 0 ? LibC.errno() : 0;
        return errno == Errno.EACCES ? -Errno.EAGAIN : done < 0 ? -errno : done;
    }

    /** The kind of the lock found, {@link #F_UNLCK} for none. */
    public int type() {
        return flock.bytes().getShort(L_TYPE);
    }

    /** Its first byte. */
    public long start() {
        return flock.bytes().getLong(L_START);
    }

    /** Its length, 0 for all up to the end. */
    public long length() {
        return flock.bytes().getLong(L_LEN);
    }

    /** flock(2) of the open file; -EAGAIN when another is in the way. */
    public int lockFile(int fd, int type) {
        int done = LibC.flock(fd, switch (type) {
            case F_RDLCK -> LOCK_SH | LOCK_NB;
            case F_WRLCK -> LOCK_EX | LOCK_NB;
            default -> LOCK_UN;
        });
        return done < 0 ? -LibC.errno() : done;
    }
}
