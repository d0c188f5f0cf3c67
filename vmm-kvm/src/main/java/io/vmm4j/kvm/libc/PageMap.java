package io.vmm4j.kvm.libc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.Path;

/**
 * What the kernel says of each page of this process, /proc/self/pagemap: which pages of a private mapping of a file have become
 * this mapping's own, by a write of a guest or of the monitor. Allocates nothing for a reading. Confined to one thread at a time.
 */
public final class PageMap implements AutoCloseable {
    /** In memory. */
    public static final long PRESENT = 1L << 63;
    /** In swap space. */
    public static final long SWAPPED = 1L << 62;
    /** The file's page, or one of shared memory. */
    public static final long FILE_OR_SHARED = 1L << 61;

    private final Fd fd;
    private final ByteBuffer bytes;
    private final LongBuffer entries;

    private PageMap(Fd fd, int pages) {
        this.fd = fd;
        this.bytes = ByteBuffer.allocateDirect(Math.multiplyExact(pages, Long.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
        this.entries = bytes.asLongBuffer();
    }

    /**
     * @param pages how many one reading tells of at most
     */
    public static PageMap open(int pages) throws LinuxException {
        return new PageMap(Fd.open(Path.of("/proc/self/pagemap"), Fd.O_RDONLY), pages);
    }

    /**
     * Reads the entries of {@code pages} pages from {@code address} on.
     *
     * @return always the same buffer, which keeps what it says until the next reading
     */
    public LongBuffer read(long address, int pages) throws LinuxException {
        long wanted = (long) pages * Long.BYTES;
        if (pages < 0 || wanted > bytes.capacity()) {
            throw new IllegalArgumentException(pages + " pages exceed " + bytes.capacity() / Long.BYTES);
        }
        long offset = address / Sysconf.pageSize() * Long.BYTES;
        for (long done = 0; done < wanted; ) {
            long n = fd.pread(LibC.address(bytes) + done, wanted - done, offset + done);
            if (n <= 0) {
                throw new LinuxException("pread(/proc/self/pagemap)", Errno.EIO);
            }
            done += n;
        }
        return entries;
    }

    /** Whether a page of a private mapping of a file is not the file's any more. */
    public static boolean isOwn(long entry) {
        return (entry & SWAPPED) != 0 || (entry & (PRESENT | FILE_OR_SHARED)) == PRESENT;
    }

    @Override
    public void close() {
        fd.close();
    }
}
