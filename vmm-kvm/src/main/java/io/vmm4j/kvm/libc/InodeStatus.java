package io.vmm4j.kvm.libc;

import java.nio.ByteBuffer;

/**
 * All that statx(2), or fstat(2), says of a file, also of one that is open as a name only.
 *
 * @param device        st_dev
 * @param inode         st_ino
 * @param links         st_nlink
 * @param mode          st_mode: type and permissions
 * @param uid           st_uid
 * @param gid           st_gid
 * @param specialDevice st_rdev
 * @param size          st_size in bytes
 * @param blockSize     st_blksize in bytes
 * @param blocks        st_blocks: units of 512 bytes
 * @param atime         last read, seconds since 1970
 * @param atimeNanos    0 to 999999999, as the other two
 * @param mtime         last change of the content
 * @param mtimeNanos    its part of a second
 * @param ctime         last change of the status
 * @param ctimeNanos    its part of a second
 * @param birth         when it was made, in nanoseconds since 1970; 0 where the file system does not tell
 */
public record InodeStatus(long device, long inode, long links, int mode, int uid, int gid, long specialDevice, long size, long blockSize,
        long blocks, long atime, int atimeNanos, long mtime, int mtimeNanos, long ctime, int ctimeNanos,
        long birth) {

    /** Mask of st_mode's file type. */
    public static final int S_IFMT = 0xF000;
    /** A pipe with a name. */
    public static final int S_IFIFO = 0x1000;
    /** A character device. */
    public static final int S_IFCHR = 0x2000;
    /** A directory. */
    public static final int S_IFDIR = 0x4000;
    /** A block device. */
    public static final int S_IFBLK = 0x6000;
    /** A regular file. */
    public static final int S_IFREG = 0x8000;
    /** A symbolic link. */
    public static final int S_IFLNK = 0xA000;
    /** A socket. */
    public static final int S_IFSOCK = 0xC000;

    /* struct stat of x86-64; the rest is in FileStat. */
    private static final int ST_NLINK = 16;
    private static final int ST_GID = 32;
    private static final int ST_ATIME = 72;
    private static final int ST_MTIME = 88;
    private static final int ST_CTIME = 104;
    private static final int NANOS = 8;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    /*
     * struct statx { u32 stx_mask, stx_blksize; u64 stx_attributes; u32 stx_nlink, stx_uid, stx_gid; u16 stx_mode, pad;
     *   u64 stx_ino, stx_size, stx_blocks, stx_attributes_mask; struct { s64 tv_sec; u32 tv_nsec; s32 pad; } stx_atime, stx_btime, stx_ctime,
     *   stx_mtime; u32 stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor; u64 stx_mnt_id, ... }, 256 bytes in all
     */
    static final int STATX_SIZE = 256;
    private static final int STATX_BTIME = 0x800;
    /** STATX_BASIC_STATS and when it was made. */
    static final int STATX_WANTED = 0x7FF | STATX_BTIME;
    private static final int STX_BLKSIZE = 4;
    private static final int STX_NLINK = 16;
    private static final int STX_UID = 20;
    private static final int STX_MODE = 28;
    private static final int STX_INO = 32;
    private static final int STX_SIZE = 40;
    private static final int STX_BLOCKS = 48;
    private static final int STX_ATIME = 64;
    private static final int STX_BTIME = 80;
    private static final int STX_CTIME = 96;
    private static final int STX_MTIME = 112;
    private static final int STX_RDEV = 128;
    private static final int STX_DEV = 136;

    static InodeStatus readFrom(ByteBuffer b) {
        return new InodeStatus(b.getLong(FileStat.ST_DEV), b.getLong(FileStat.ST_INO), b.getLong(ST_NLINK), b.getInt(FileStat.ST_MODE),
                b.getInt(FileStat.ST_UID), b.getInt(ST_GID), b.getLong(FileStat.ST_RDEV), b.getLong(FileStat.ST_SIZE),
                b.getLong(FileStat.ST_BLKSIZE), b.getLong(FileStat.ST_BLOCKS), b.getLong(ST_ATIME), (int) b.getLong(ST_ATIME + NANOS),
                b.getLong(ST_MTIME), (int) b.getLong(ST_MTIME + NANOS), b.getLong(ST_CTIME), (int) b.getLong(ST_CTIME + NANOS), 0);
    }

    static InodeStatus readFromStatx(ByteBuffer b) {
        long birth = (b.getInt(0) & STATX_BTIME) == 0 ? 0 : b.getLong(STX_BTIME) * NANOS_PER_SECOND + b.getInt(STX_BTIME + NANOS);
        return new InodeStatus(device(b.getInt(STX_DEV), b.getInt(STX_DEV + 4)), b.getLong(STX_INO), b.getInt(STX_NLINK), b.getShort(STX_MODE) & 0xFFFF,
                b.getInt(STX_UID), b.getInt(STX_UID + 4), device(b.getInt(STX_RDEV), b.getInt(STX_RDEV + 4)), b.getLong(STX_SIZE),
                b.getInt(STX_BLKSIZE) & 0xFFFF_FFFFL, b.getLong(STX_BLOCKS), b.getLong(STX_ATIME), b.getInt(STX_ATIME + NANOS),
                b.getLong(STX_MTIME), b.getInt(STX_MTIME + NANOS), b.getLong(STX_CTIME), b.getInt(STX_CTIME + NANOS), birth);
    }

    /** makedev(3). */
    private static long device(int major, int minor) {
        return (major & 0xFFFF_F000L) << 32 | (major & 0xFFFL) << 8 | (minor & 0xFFFF_FF00L) << 12 | minor & 0xFF;
    }

    /** Its file type, one of the constants of this class. */
    public int type() {
        return mode & S_IFMT;
    }
}
