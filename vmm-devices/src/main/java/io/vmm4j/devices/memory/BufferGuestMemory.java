package io.vmm4j.devices.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Guest RAM over direct byte buffers: mappings in a machine, {@link ByteBuffer#allocateDirect} in a test.
 *
 * <p>The only class that sets byte order. Scalar accesses allocate nothing; they take the region that was hit last
 * first, then search. Regions that touch behave as one.
 */
public final class BufferGuestMemory implements GuestMemory {

    private static final VarHandle U16 = MethodHandles.byteBufferViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle U32 = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle U64 = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final Region[] regions;
    /** A guess, raced on purpose: every value it can hold is an immutable region of this memory. */
    private Region lastHit;

    /**
     * @param regions in any order
     * @throws IllegalArgumentException when there is none, or two overlap
     */
    public BufferGuestMemory(List<MemoryRegion> regions) {
        this(regions, null);
    }

    /**
     * As the other constructor, with a record of what is written.
     *
     * @param marks as many pages as the regions have, which are of whole pages; {@code null} for no record
     */
    public BufferGuestMemory(List<MemoryRegion> regions, PageMarks marks) {
        if (regions.isEmpty()) {
            throw new IllegalArgumentException("guest memory without a region");
        }
        List<MemoryRegion> sorted = new ArrayList<>(regions);
        sorted.sort((a, b) -> Long.compare(a.gpa(), b.gpa()));
        for (int i = 1; i < sorted.size(); i++) {
            MemoryRegion below = sorted.get(i - 1);
            if (sorted.get(i).gpa() < below.gpa() + below.length()) {
                throw new IllegalArgumentException("region at 0x" + Long.toHexString(sorted.get(i).gpa()) + " overlaps the one at 0x"
                        + Long.toHexString(below.gpa()));
            }
        }
        this.regions = new Region[sorted.size()];
        long bytes = 0;
        for (int i = 0; i < sorted.size(); i++) {
            this.regions[i] = new Region(sorted.get(i), marks, bytes >>> PageMarks.PAGE_SHIFT);
            bytes += sorted.get(i).length();
        }
        this.lastHit = this.regions[0];
    }

    @Override
    public int readU8(long gpa) throws GuestMemoryException {
        Region region = find(gpa, 1);
        return region.chunk(gpa).get(region.index(gpa)) & 0xFF;
    }

    @Override
    public int readU16(long gpa) throws GuestMemoryException {
        Region region = find(gpa, Short.BYTES);
        if (region.isSplit(gpa, Short.BYTES)) {
            return (int) readBytes(gpa, Short.BYTES);
        }
        return (short) U16.get(region.chunk(gpa), region.index(gpa)) & 0xFFFF;
    }

    @Override
    public long readU32(long gpa) throws GuestMemoryException {
        Region region = find(gpa, Integer.BYTES);
        if (region.isSplit(gpa, Integer.BYTES)) {
            return readBytes(gpa, Integer.BYTES);
        }
        return (int) U32.get(region.chunk(gpa), region.index(gpa)) & 0xFFFF_FFFFL;
    }

    @Override
    public long readU64(long gpa) throws GuestMemoryException {
        Region region = find(gpa, Long.BYTES);
        if (region.isSplit(gpa, Long.BYTES)) {
            return readBytes(gpa, Long.BYTES);
        }
        return (long) U64.get(region.chunk(gpa), region.index(gpa));
    }

    @Override
    public void writeU8(long gpa, int value) throws GuestMemoryException {
        Region region = find(gpa, 1);
        region.mark(gpa);
        region.chunk(gpa).put(region.index(gpa), (byte) value);
    }

    @Override
    public void writeU16(long gpa, int value) throws GuestMemoryException {
        Region region = find(gpa, Short.BYTES);
        if (region.isSplit(gpa, Short.BYTES)) {
            writeBytes(gpa, Short.BYTES, value);
        } else {
            region.mark(gpa, Short.BYTES);
            U16.set(region.chunk(gpa), region.index(gpa), (short) value);
        }
    }

    @Override
    public void writeU32(long gpa, long value) throws GuestMemoryException {
        Region region = find(gpa, Integer.BYTES);
        if (region.isSplit(gpa, Integer.BYTES)) {
            writeBytes(gpa, Integer.BYTES, value);
        } else {
            region.mark(gpa, Integer.BYTES);
            U32.set(region.chunk(gpa), region.index(gpa), (int) value);
        }
    }

    @Override
    public void writeU64(long gpa, long value) throws GuestMemoryException {
        Region region = find(gpa, Long.BYTES);
        if (region.isSplit(gpa, Long.BYTES)) {
            writeBytes(gpa, Long.BYTES, value);
        } else {
            region.mark(gpa, Long.BYTES);
            U64.set(region.chunk(gpa), region.index(gpa), value);
        }
    }

    @Override
    public int readU16Acquire(long gpa) throws GuestMemoryException {
        Region region = find(gpa, Short.BYTES);
        checkAligned(gpa);
        return (short) U16.getAcquire(region.chunk(gpa), region.index(gpa)) & 0xFFFF;
    }

    @Override
    public void writeU16Release(long gpa, int value) throws GuestMemoryException {
        Region region = find(gpa, Short.BYTES);
        checkAligned(gpa);
        region.mark(gpa);
        U16.setRelease(region.chunk(gpa), region.index(gpa), (short) value);
    }

    @Override
    public void fullFence() {
        VarHandle.fullFence();
    }

    @Override
    public void read(long gpa, ByteBuffer dst) throws GuestMemoryException {
        check(gpa, dst.remaining());
        long at = gpa;
        while (dst.hasRemaining()) {
            Region region = find(at, 1);
            int length = region.run(at, dst.remaining());
            dst.put(dst.position(), region.chunk(at), region.index(at), length);
            dst.position(dst.position() + length);
            at += length;
        }
    }

    @Override
    public void write(long gpa, ByteBuffer src) throws GuestMemoryException {
        check(gpa, src.remaining());
        long at = gpa;
        while (src.hasRemaining()) {
            Region region = find(at, 1);
            int length = region.run(at, src.remaining());
            region.mark(at, length);
            region.chunk(at).put(region.index(at), src, src.position(), length);
            src.position(src.position() + length);
            at += length;
        }
    }

    @Override
    public List<ByteBuffer> slices(long gpa, long length) throws GuestMemoryException {
        check(gpa, length);
        List<ByteBuffer> slices = new ArrayList<>(1);
        long done = 0;
        while (done < length) {
            Region region = find(gpa + done, 1);
            int run = region.run(gpa + done, length - done);
            region.mark(gpa + done, run);
            slices.add(region.chunk(gpa + done).slice(region.index(gpa + done), run).order(ByteOrder.LITTLE_ENDIAN));
            done += run;
        }
        return slices;
    }

    @Override
    public void views(long gpa, long length, GuestViews out) throws GuestMemoryException {
        check(gpa, length);
        long done = 0;
        while (done < length) {
            Region region = find(gpa + done, 1);
            int run = region.run(gpa + done, length - done);
            int index = region.index(gpa + done);
            out.add(region.chunk(gpa + done), index, index + run);
            done += run;
        }
    }

    @Override
    public void written(long gpa, long length) {
        long at = gpa;
        long left = length;
        while (left > 0) {
            Region region = search(at);
            if (region == null) {
                return;
            }
            long run = Math.min(left, region.end - at);
            region.mark(at, run);
            at += run;
            left -= run;
        }
    }

    @Override
    public boolean contains(long gpa, long length) {
        if (length < 0) {
            return false;
        }
        long at = gpa;
        long left = length;
        while (left > 0) {
            Region region = search(at);
            if (region == null) {
                return false;
            }
            long run = Math.min(left, region.end - at);
            at += run;
            left -= run;
        }
        return true;
    }

    private void check(long gpa, long length) throws GuestMemoryException {
        if (!contains(gpa, length)) {
            throw new GuestMemoryException(gpa, length);
        }
    }

    /** An odd index would make the atomic access throw: the guest chose the address, so the guest is told. */
    private static void checkAligned(long gpa) throws GuestMemoryException {
        if ((gpa & 1) != 0) {
            throw new GuestMemoryException(gpa, Short.BYTES);
        }
    }

    /** The region of {@code gpa}, once all {@code width} bytes from there are known to be RAM. */
    private Region find(long gpa, int width) throws GuestMemoryException {
        Region region = lastHit;
        long offset = gpa - region.start;
        if (offset >= 0 && offset <= region.length - width) {
            return region;
        }
        region = search(gpa);
        if (region == null || !contains(gpa, width)) {
            throw new GuestMemoryException(gpa, width);
        }
        lastHit = region;
        return region;
    }

    private Region search(long gpa) {
        for (Region region : regions) {
            if (gpa >= region.start && gpa < region.end) {
                return region;
            }
        }
        return null;
    }

    private long readBytes(long gpa, int width) throws GuestMemoryException {
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= (long) readU8(gpa + i) << 8 * i;
        }
        return value;
    }

    private void writeBytes(long gpa, int width, long value) throws GuestMemoryException {
        for (int i = 0; i < width; i++) {
            writeU8(gpa + i, (int) (value >>> 8 * i));
        }
    }

    /** A region laid out for lookup: chunk number and index are a shift and a mask away. */
    private static final class Region {
        private final long start;
        private final long length;
        private final long end;
        private final ByteBuffer[] chunks;
        private final int shift;
        private final long mask;
        private final PageMarks marks;
        private final long firstPage;

        Region(MemoryRegion region, PageMarks marks, long firstPage) {
            this.marks = marks;
            this.firstPage = firstPage;
            start = region.gpa();
            length = region.length();
            end = start + length;
            shift = Long.numberOfTrailingZeros(region.chunkSize());
            mask = region.chunkSize() - 1;
            chunks = region.chunks().stream()
                    .map(chunk -> chunk.duplicate().position(0).slice().order(ByteOrder.LITTLE_ENDIAN))
                    .toArray(ByteBuffer[]::new);
        }

        /** Takes note of a write within one page. */
        void mark(long gpa) {
            if (marks != null) {
                marks.mark(firstPage + (gpa - start >>> PageMarks.PAGE_SHIFT));
            }
        }

        /** Takes note of a write of {@code bytes}, 1 or more. */
        void mark(long gpa, long bytes) {
            if (marks != null) {
                marks.mark(firstPage + (gpa - start >>> PageMarks.PAGE_SHIFT), firstPage + (gpa - start + bytes - 1 >>> PageMarks.PAGE_SHIFT));
            }
        }

        ByteBuffer chunk(long gpa) {
            return chunks[(int) ((gpa - start) >>> shift)];
        }

        int index(long gpa) {
            return (int) ((gpa - start) & mask);
        }

        /** Whether {@code width} bytes at {@code gpa} do not lie in one chunk. */
        boolean isSplit(long gpa, int width) {
            return index(gpa) > chunk(gpa).capacity() - width;
        }

        /** How many of {@code wanted} bytes at {@code gpa} lie in one piece. */
        int run(long gpa, long wanted) {
            return (int) Math.min(wanted, chunk(gpa).capacity() - index(gpa));
        }
    }
}
