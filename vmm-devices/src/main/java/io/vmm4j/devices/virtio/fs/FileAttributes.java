package io.vmm4j.devices.virtio.fs;

/**
 * struct fuse_attr: what stat says of a file.
 *
 * @param inode     number that programs of the guest see
 * @param size      bytes
 * @param blocks    units of 512 bytes that are allocated
 * @param mode      type and permissions, as {@code st_mode}
 * @param links     names
 * @param uid       owner
 * @param gid       group
 * @param device    of a device node, in Linux' 32-bit form
 * @param blockSize preferred transfer size in bytes
 * @param atime     last read
 * @param mtime     last change of the content
 * @param ctime     last change of the attributes
 */
public record FileAttributes(long inode, long size, long blocks, int mode, int links, int uid, int gid, int device, int blockSize,
        FileTime atime, FileTime mtime, FileTime ctime) {

    /**
     * A time of a file's.
     *
     * @param seconds since 1970
     * @param nanos   0 to 999999999
     */
    public record FileTime(long seconds, int nanos) {
    }
}
