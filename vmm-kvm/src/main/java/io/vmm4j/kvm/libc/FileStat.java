package io.vmm4j.kvm.libc;

import java.nio.ByteBuffer;

/**
 * What fstat(2) says of an open file.
 *
 * @param device st_dev: the file system's device number
 * @param inode st_ino: the file's number in it; device and inode together identify a file
 * @param mode st_mode: type and permissions
 * @param uid st_uid: the owner
 * @param specialDevice st_rdev: the device number when the file is a device node
 * @param size st_size in bytes; 0 for a block device, see {@link Fd#blockDeviceSize()}
 * @param blockSize st_blksize: preferred transfer size in bytes
 * @param blocks st_blocks: allocated units of 512 bytes
 */
public record FileStat(long device, long inode, int mode, int uid, long specialDevice, long size, long blockSize, long blocks) {
    /*
     * struct stat, x86-64:
     *   unsigned long st_dev;      0      unsigned int  st_gid;       32
     *   unsigned long st_ino;      8      unsigned int  __pad0;       36
     *   unsigned long st_nlink;   16      unsigned long st_rdev;      40
     *   unsigned int  st_mode;    24      long          st_size;      48
     *   unsigned int  st_uid;     28      long          st_blksize;   56
     *                                     long          st_blocks;    64   then times, 144 in all
     */
    static final int SIZE = 144;
    static final int ST_DEV = 0;
    static final int ST_INO = 8;
    static final int ST_MODE = 24;
    static final int ST_UID = 28;
    static final int ST_RDEV = 40;
    static final int ST_SIZE = 48;
    static final int ST_BLKSIZE = 56;
    static final int ST_BLOCKS = 64;

    private static final int S_IFMT = 0xF000;
    private static final int S_IFIFO = 0x1000;
    private static final int S_IFCHR = 0x2000;
    private static final int S_IFDIR = 0x4000;
    private static final int S_IFBLK = 0x6000;
    private static final int S_IFREG = 0x8000;
    private static final int S_IFSOCK = 0xC000;
    private static final int PERMISSIONS = 07777;

    static FileStat readFrom(ByteBuffer b) {
        return new FileStat(b.getLong(ST_DEV), b.getLong(ST_INO), b.getInt(ST_MODE), b.getInt(ST_UID),
                b.getLong(ST_RDEV), b.getLong(ST_SIZE), b.getLong(ST_BLKSIZE), b.getLong(ST_BLOCKS));
    }

    /** Whether it is a regular file. */
    public boolean isRegularFile() {
        return (mode & S_IFMT) == S_IFREG;
    }

    /** Whether it is a block device node. */
    public boolean isBlockDevice() {
        return (mode & S_IFMT) == S_IFBLK;
    }

    /** Whether it is a character device node. */
    public boolean isCharacterDevice() {
        return (mode & S_IFMT) == S_IFCHR;
    }

    /** Whether it is a directory. */
    public boolean isDirectory() {
        return (mode & S_IFMT) == S_IFDIR;
    }

    /** Whether it is a pipe, with a name or without. */
    public boolean isPipe() {
        return (mode & S_IFMT) == S_IFIFO;
    }

    /** Whether it is a socket. */
    public boolean isSocket() {
        return isSocket(mode);
    }

    /** Whether a file of st_mode {@code mode} is a socket, however that was asked for. */
    public static boolean isSocket(int mode) {
        return (mode & S_IFMT) == S_IFSOCK;
    }

    /** Whether {@code other} is of the same file. */
    public boolean isSameFile(FileStat other) {
        return device == other.device && inode == other.inode;
    }

    /** Who may do what with it, as chmod(2) has it. */
    public int permissions() {
        return mode & PERMISSIONS;
    }
}
