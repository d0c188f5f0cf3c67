package io.vmm4j.kvm.libc;

import java.lang.ref.Reference;

/** Where a sparse file has data, lseek(2), and the copying of ranges from file to file by the kernel, copy_file_range(2). */
public final class FileRanges {
    private static final int SYS_LSEEK = 8;
    private static final int SYS_COPY_FILE_RANGE = 326;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;

    private FileRanges() {
    }

    /**
     * The first byte at or after {@code offset} that is data; on a file system that knows no holes {@code offset} itself. Moves
     * the file's own offset.
     *
     * @return -1 when there is none before the end
     */
    public static long nextData(Fd fd, long offset) throws LinuxException {
        return seek(fd, offset, SEEK_DATA, "lseek(SEEK_DATA)");
    }

    /**
     * The first byte at or after {@code offset} that is in a hole, as the end of the file is. Moves the file's own offset.
     *
     * @return -1 when {@code offset} is at or beyond the end
     */
    public static long nextHole(Fd fd, long offset) throws LinuxException {
        return seek(fd, offset, SEEK_HOLE, "lseek(SEEK_HOLE)");
    }

    private static long seek(Fd fd, long offset, int whence, String call) throws LinuxException {
        long found = LibC.syscall(SYS_LSEEK, fd.value(), offset, whence, 0, 0, 0);
        if (found >= 0) {
            return found;
        }
        if (LibC.errno() == Errno.ENXIO) {
            return -1;
        }
        throw new LinuxException(call, LibC.errno());
    }

    /**
     * Copies up to {@code length} bytes; file systems that can share the blocks do. Holes may become zeros.
     *
     * @return how many were; 0 at the end of the source
     * @throws LinuxException EXDEV, EINVAL or EOPNOTSUPP where this pair of files has to be copied by reading and writing
     */
    public static long copy(Fd from, long fromOffset, Fd to, long toOffset, long length) throws LinuxException {
        NativeStruct offsets = NativeStruct.allocate(2 * Long.BYTES);
        long copied;
        do {
            offsets.bytes().putLong(0, fromOffset).putLong(Long.BYTES, toOffset);
            copied = LibC.syscall(SYS_COPY_FILE_RANGE, from.value(), offsets.address(), to.value(), offsets.address() + Long.BYTES, length, 0);
        } while (copied < 0 && LibC.errno() == Errno.EINTR);
        Reference.reachabilityFence(offsets);
        if (copied < 0) {
            throw new LinuxException("copy_file_range", LibC.errno());
        }
        return copied;
    }
}
