package io.vmm4j.devices.virtio.fs;

/** Numbers of the FUSE protocol 7.31 to 7.38, under their names in {@code linux/fuse.h}. */
public final class FuseConstants {

    /** Protocol version spoken. */
    public static final int FUSE_KERNEL_VERSION = 7;
    /** The newest minor version whose structures are known here. */
    public static final int FUSE_KERNEL_MINOR_VERSION = 38;
    /** The oldest that is spoken: of Linux 5.4, the first with a driver for this device. */
    public static final int OLDEST_MINOR_VERSION = 31;
    /** The node that everything begins with. */
    public static final long FUSE_ROOT_ID = 1;

    static final int FUSE_LOOKUP = 1;
    static final int FUSE_FORGET = 2;
    static final int FUSE_GETATTR = 3;
    static final int FUSE_SETATTR = 4;
    static final int FUSE_READLINK = 5;
    static final int FUSE_SYMLINK = 6;
    static final int FUSE_MKNOD = 8;
    static final int FUSE_MKDIR = 9;
    static final int FUSE_UNLINK = 10;
    static final int FUSE_RMDIR = 11;
    static final int FUSE_RENAME = 12;
    static final int FUSE_LINK = 13;
    static final int FUSE_OPEN = 14;
    static final int FUSE_READ = 15;
    static final int FUSE_WRITE = 16;
    static final int FUSE_STATFS = 17;
    static final int FUSE_RELEASE = 18;
    static final int FUSE_FSYNC = 20;
    static final int FUSE_SETXATTR = 21;
    static final int FUSE_GETXATTR = 22;
    static final int FUSE_LISTXATTR = 23;
    static final int FUSE_REMOVEXATTR = 24;
    static final int FUSE_FLUSH = 25;
    static final int FUSE_INIT = 26;
    static final int FUSE_OPENDIR = 27;
    static final int FUSE_READDIR = 28;
    static final int FUSE_RELEASEDIR = 29;
    static final int FUSE_FSYNCDIR = 30;
    static final int FUSE_GETLK = 31;
    static final int FUSE_SETLK = 32;
    static final int FUSE_SETLKW = 33;
    static final int FUSE_ACCESS = 34;
    static final int FUSE_CREATE = 35;
    static final int FUSE_INTERRUPT = 36;
    static final int FUSE_DESTROY = 38;
    static final int FUSE_BATCH_FORGET = 42;
    static final int FUSE_FALLOCATE = 43;
    static final int FUSE_READDIRPLUS = 44;
    static final int FUSE_RENAME2 = 45;
    static final int FUSE_LSEEK = 46;
    static final int FUSE_COPY_FILE_RANGE = 47;
    static final int FUSE_SYNCFS = 50;

    /** struct fuse_in_header. */
    static final int IN_HEADER = 40;
    /** struct fuse_out_header. */
    static final int OUT_HEADER = 16;

    static final int FUSE_ASYNC_READ = 1;
    static final int FUSE_POSIX_LOCKS = 1 << 1;
    static final int FUSE_ATOMIC_O_TRUNC = 1 << 3;
    static final int FUSE_BIG_WRITES = 1 << 5;
    static final int FUSE_FLOCK_LOCKS = 1 << 10;
    static final int FUSE_AUTO_INVAL_DATA = 1 << 12;
    static final int FUSE_DO_READDIRPLUS = 1 << 13;
    static final int FUSE_READDIRPLUS_AUTO = 1 << 14;
    static final int FUSE_ASYNC_DIO = 1 << 15;
    static final int FUSE_WRITEBACK_CACHE = 1 << 16;
    static final int FUSE_PARALLEL_DIROPS = 1 << 18;
    static final int FUSE_MAX_PAGES = 1 << 22;
    static final int FUSE_CACHE_SYMLINKS = 1 << 23;

    /** setattr: which fields count. */
    public static final int FATTR_MODE = 1;
    public static final int FATTR_UID = 1 << 1;
    public static final int FATTR_GID = 1 << 2;
    public static final int FATTR_SIZE = 1 << 3;
    public static final int FATTR_ATIME = 1 << 4;
    public static final int FATTR_MTIME = 1 << 5;
    public static final int FATTR_FH = 1 << 6;
    public static final int FATTR_ATIME_NOW = 1 << 7;
    public static final int FATTR_MTIME_NOW = 1 << 8;

    /** The answer to an open: past the guest's page cache. */
    public static final int FOPEN_DIRECT_IO = 1;
    /** The guest's page cache of the file stays good. */
    public static final int FOPEN_KEEP_CACHE = 1 << 1;
    /** The guest may keep the list of a directory. */
    public static final int FOPEN_CACHE_DIR = 1 << 3;

    static final int FUSE_GETATTR_FH = 1;
    /** write: pages that waited in the guest's memory. */
    static final int FUSE_WRITE_CACHE = 1;
    static final int FUSE_WRITE_KILL_SUIDGID = 1 << 2;
    /** Of x86-64. */
    static final int O_APPEND = 0x400;
    static final int FUSE_LK_FLOCK = 1;
    static final int FUSE_FSYNC_FDATASYNC = 1;
    static final int FUSE_RELEASE_FLUSH = 1;
    static final int FUSE_RELEASE_FLOCK_UNLOCK = 1 << 1;

    static final int EIO = 5;
    static final int E2BIG = 7;
    static final int EAGAIN = 11;
    static final int EINTR = 4;
    static final int EINVAL = 22;
    static final int ERANGE = 34;
    static final int ENAMETOOLONG = 36;
    static final int ENOLCK = 37;
    static final int ENOSYS = 38;
    static final int EPROTO = 71;

    /** Bytes of a page of the guest's, in which max_pages counts. */
    static final int PAGE = 4096;

    private FuseConstants() {
    }
}
