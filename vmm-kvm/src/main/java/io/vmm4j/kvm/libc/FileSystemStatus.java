package io.vmm4j.kvm.libc;

import java.nio.ByteBuffer;

/**
 * What fstatfs(2) says of a file system.
 *
 * @param type         f_type: the magic number of its kind
 * @param blockSize    f_bsize in bytes
 * @param blocks       f_blocks, in units of {@code fragmentSize}
 * @param free         f_bfree
 * @param available    f_bavail: what is left for who is not root
 * @param files        f_files
 * @param filesFree    f_ffree
 * @param nameLength   f_namelen: bytes of the longest name
 * @param fragmentSize f_frsize in bytes
 */
public record FileSystemStatus(long type, long blockSize, long blocks, long free, long available, long files, long filesFree,
        long nameLength, long fragmentSize) {

    /* struct statfs of x86-64: long f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree; int f_fsid[2]; long f_namelen, f_frsize, ... */
    static final int SIZE = 120;

    static FileSystemStatus readFrom(ByteBuffer b) {
        return new FileSystemStatus(b.getLong(0), b.getLong(8), b.getLong(16), b.getLong(24), b.getLong(32), b.getLong(40), b.getLong(48),
                b.getLong(64), b.getLong(72));
    }
}
