package io.vmm4j.kvm.libc;

import java.nio.ByteBuffer;

/**
 * All that fstat(2) says of a file, also of one that is open as a name only.
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
 */
public record InodeStatus(long device, long inode, long links, int mode, int uid, int gid, long specialDevice, long size, long blockSize,
        long blocks, long atime, int atimeNanos, long mtime, int mtimeNanos, long ctime, int ctimeNanos) {

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

    static InodeStatus readFrom(ByteBuffer b) {
        return new InodeStatus(b.getLong(FileStat.ST_DEV), b.getLong(FileStat.ST_INO), b.getLong(ST_NLINK), b.getInt(FileStat.ST_MODE),
                b.getInt(FileStat.ST_UID), b.getInt(ST_GID), b.getLong(FileStat.ST_RDEV), b.getLong(FileStat.ST_SIZE),
                b.getLong(FileStat.ST_BLKSIZE), b.getLong(FileStat.ST_BLOCKS), b.getLong(ST_ATIME), (int) b.getLong(ST_ATIME + NANOS),
                b.getLong(ST_MTIME), (int) b.getLong(ST_MTIME + NANOS), b.getLong(ST_CTIME), (int) b.getLong(ST_CTIME + NANOS));
    }

    /** Its file type, one of the constants of this class. */
    public int type() {
        return mode & S_IFMT;
    }
}
