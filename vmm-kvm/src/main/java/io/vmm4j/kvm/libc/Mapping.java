package io.vmm4j.kvm.libc;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A piece of address space from mmap(2): guest memory, or a window that the kernel shares such as {@code kvm_run}.
 *
 * <p>The buffers handed out do not keep the mapping alive. Whoever closes it makes sure first that no thread, and no
 * virtual machine, touches it any more: an access after {@link #close} ends the process. Double close is harmless.
 */
public final class Mapping implements AutoCloseable {
    /** The largest chunk {@link #buffers} takes, 1 GiB: a direct buffer ends below 2 GiB. */
    public static final long MAX_CHUNK_SIZE = 1L << 30;

    private static final int PROT_NONE = 0;
    private static final int MAP_FIXED = 0x10;

    /** Pages may be read. */
    public static final int PROT_READ = 1;
    /** Pages may be written. */
    public static final int PROT_WRITE = 2;

    /** Writes are seen by everyone who maps the file. */
    public static final int MAP_SHARED = 1;
    /** Writes are seen here only. */
    public static final int MAP_PRIVATE = 2;
    /** No file behind it. */
    public static final int MAP_ANONYMOUS = 0x20;
    /** No swap space is set aside: the first touch of a page may fail. */
    public static final int MAP_NORESERVE = 0x4000;
    /** All pages are brought in at once. */
    public static final int MAP_POPULATE = 0x8000;
    /** Huge pages from the reserved pool, of the default size. */
    public static final int MAP_HUGETLB = 0x40000;
    /** With {@link #MAP_HUGETLB}: pages of 2 MiB. */
    public static final int MAP_HUGE_2MB = 21 << 26;
    /** With {@link #MAP_HUGETLB}: pages of 1 GiB. */
    public static final int MAP_HUGE_1GB = 30 << 26;

    /** It will be wanted soon. */
    public static final int MADV_WILLNEED = 3;
    /** The content may go; anonymous pages read as zero afterwards, those of a private mapping of a file as the file. */
    public static final int MADV_DONTNEED = 4;
    /** The pages go back, in the file too: the range reads as zero afterwards. Shared mappings only. */
    public static final int MADV_REMOVE = 9;
    /** Not inherited by children. */
    public static final int MADV_DONTFORK = 10;
    /** Transparent huge pages, please. */
    public static final int MADV_HUGEPAGE = 14;
    /** No transparent huge pages. */
    public static final int MADV_NOHUGEPAGE = 15;
    /** Not part of a core dump. */
    public static final int MADV_DONTDUMP = 16;
    /** Brings the pages in for reading; reports what would otherwise be a SIGBUS. Linux 5.14. */
    public static final int MADV_POPULATE_READ = 22;
    /** Brings the pages in for writing; reports what would otherwise be a SIGBUS. Linux 5.14. */
    public static final int MADV_POPULATE_WRITE = 23;

    private static final int MS_SYNC = 4;

    private final long address;
    private final long length;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Mapping(long address, long length) {
        this.address = address;
        this.length = length;
    }

    /** Private zeroed memory of {@code length} bytes, with no swap space set aside. */
    public static Mapping anonymous(long length) throws LinuxException {
        return anonymous(length, MAP_NORESERVE);
    }

    /**
     * Private zeroed memory.
     *
     * @param flags further MAP bits, such as MAP_HUGETLB
     */
    public static Mapping anonymous(long length, int flags) throws LinuxException {
        return map(-1, 0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags);
    }

    /** The first {@code length} bytes of a file or memfd, readable, writable and shared. */
    public static Mapping shared(int fd, long length) throws LinuxException {
        return map(fd, 0, length, PROT_READ | PROT_WRITE, MAP_SHARED);
    }

    /**
     * A range of a file, readable and writable, whose writes are seen here only; no swap space is set aside for them.
     *
     * @param offset into the file, a multiple of the page size
     */
    public static Mapping privateOf(int fd, long offset, long length) throws LinuxException {
        return map(fd, offset, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE);
    }

    /** A range of a file, readable, which shows what is written to the file. */
    public static Mapping readOnly(int fd, long offset, long length) throws LinuxException {
        return map(fd, offset, length, PROT_READ, MAP_SHARED);
    }

    /**
     * mmap(2) at an address of the kernel's choice.
     *
     * @param fd a descriptor, -1 with MAP_ANONYMOUS
     * @param offset into the file, a multiple of the page size
     * @param length in bytes, above 0
     */
    public static Mapping map(int fd, long offset, long length, int protection, int flags) throws LinuxException {
        long address = LibC.mmap(0, length, protection, flags, fd, offset);
        if (address == -1) {
            throw new LinuxException("mmap(" + length + " bytes)", LibC.errno());
        }
        return new Mapping(address, length);
    }

    /**
     * As {@link #map}, from the start of the file, at an address that is a multiple of {@code alignment}: without it
     * transparent huge pages cannot cover the first and last bytes.
     *
     * @param length in whole pages
     * @param alignment a power of two, at least the page size
     */
    public static Mapping aligned(int fd, long length, long alignment, int protection, int flags) throws LinuxException {
        long room = LibC.mmap(0, length + alignment, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (room == -1) {
            throw new LinuxException("mmap(" + length + " bytes)", LibC.errno());
        }
        long address = room + alignment - 1 & -alignment;
        if (LibC.mmap(address, length, protection, flags | MAP_FIXED, fd, 0) == -1) {
            int errno = LibC.errno();
            LibC.munmap(room, length + alignment);
            throw new LinuxException("mmap(" + length + " bytes)", errno);
        }
        if (address > room) {
            LibC.munmap(room, address - room);
        }
        if (address < room + alignment) {
            LibC.munmap(address + length, room + alignment - address);
        }
        return new Mapping(address, length);
    }

    /**
     * Puts something else in place of a range, MAP_FIXED, in one step: whoever touches it finds the one or the other.
     *
     * @param offset of the range, a multiple of the page size
     * @param size in whole pages
     * @param protection PROT bits
     * @param flags MAP bits
     * @param fd a descriptor, -1 with MAP_ANONYMOUS
     * @param fileOffset into the file, a multiple of the page size
     */
    public void replace(long offset, long size, int protection, int flags, int fd, long fileOffset) throws LinuxException {
        requireRange(offset, size);
        if (offset % Sysconf.pageSize() != 0 || size % Sysconf.pageSize() != 0) {
            throw new IllegalArgumentException("[" + offset + ", +" + size + ") is not in whole pages");
        }
        if (closed.get()) {
            throw new IllegalStateException("the mapping is closed");
        }
        if (LibC.mmap(address + offset, size, protection, flags | MAP_FIXED, fd, fileOffset) == -1) {
            throw new LinuxException("mmap(MAP_FIXED, " + size + " bytes)", LibC.errno());
        }
    }

    /**
     * mincore(2): whether each page is in memory; bit 0 of one byte a page. Of private memory without a file that says which pages
     * were ever written, but for those in swap space; of a file it says what the page cache has, whoever read it: see {@link PageMap}.
     *
     * @param offset a multiple of the page size
     * @param target direct, with room for a byte a page from byte 0 on
     */
    public void residency(long offset, long size, ByteBuffer target) throws LinuxException {
        requireRange(offset, size);
        if (target.capacity() < Sysconf.roundUpToPage(size) / Sysconf.pageSize()) {
            throw new IndexOutOfBoundsException("residency of " + size + " bytes exceeds " + target);
        }
        if (LibC.mincore(address + offset, size, LibC.address(target)) < 0) {
            throw new LinuxException("mincore(" + size + " bytes)", LibC.errno());
        }
    }

    private void requireRange(long offset, long size) {
        if (offset < 0 || size < 0 || offset > length - size) {
            throw new IndexOutOfBoundsException("[" + offset + ", +" + size + ") of a mapping of " + length + " bytes");
        }
    }

    /** The address of byte 0, page aligned. */
    public long address() {
        return address;
    }

    /** The length in bytes. */
    public long length() {
        return length;
    }

    /**
     * The whole as little-endian direct buffers, in order, each of {@code chunkSize} bytes but for a shorter last one.
     *
     * @param chunkSize 1 to {@link #MAX_CHUNK_SIZE} bytes
     */
    public List<ByteBuffer> buffers(long chunkSize) {
        if (chunkSize < 1 || chunkSize > MAX_CHUNK_SIZE) {
            throw new IllegalArgumentException("chunk size " + chunkSize + " is not in 1.." + MAX_CHUNK_SIZE);
        }
        List<ByteBuffer> buffers = new ArrayList<>();
        for (long offset = 0; offset < length; offset += chunkSize) {
            buffers.add(buffer(offset, Math.min(chunkSize, length - offset)));
        }
        return buffers;
    }

    /** A little-endian direct buffer over {@code size} bytes at {@code offset}. */
    public ByteBuffer buffer(long offset, long size) {
        if (offset < 0 || size < 0 || size > MAX_CHUNK_SIZE || offset > length - size) {
            throw new IndexOutOfBoundsException("[" + offset + ", +" + size + ") of a mapping of " + length + " bytes");
        }
        if (closed.get()) {
            throw new IllegalStateException("the mapping is closed");
        }
        return new Pointer(address).getByteBuffer(offset, size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** madvise(2) over the whole; {@code advice} is a MADV constant. */
    public void advise(int advice) throws LinuxException {
        advise(advice, 0, length);
    }

    /** madvise(2) over a range; {@code offset} a multiple of the page size. */
    public void advise(int advice, long offset, long size) throws LinuxException {
        requireRange(offset, size);
        int result;
        do {
            result = LibC.madvise(address + offset, size, advice);
        } while (result < 0 && LibC.errno() == Errno.EINTR);
        if (result < 0) {
            throw new LinuxException("madvise(" + advice + ")", LibC.errno());
        }
    }

    /** msync(2): what was written to a shared mapping is in the file, on the medium. */
    public void sync() throws LinuxException {
        if (LibC.msync(address, length, MS_SYNC) < 0) {
            throw new LinuxException("msync", LibC.errno());
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            LibC.munmap(address, length);
        }
    }
}
