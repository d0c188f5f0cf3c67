package io.vmm4j.core.snapshot;

import io.vmm4j.core.memory.FrozenMemory;
import io.vmm4j.core.memory.FrozenRun;
import io.vmm4j.core.snapshot.file.PageSet;
import io.vmm4j.core.snapshot.file.PageSource;
import io.vmm4j.kvm.libc.LibC;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/** Frozen memory, to be written to a file. */
final class FrozenPages implements PageSource {

    private static final int PIECE = 2 << 20;
    private static final byte[] ZEROS = new byte[PageSet.PAGE_SIZE];

    private final FrozenMemory memory;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
    private final long address = LibC.address(buffer);

    FrozenPages(FrozenMemory memory) {
        this.memory = memory;
    }

    @Override
    public long size() {
        return memory.length();
    }

    @Override
    public ByteBuffer read(long offset, int length) throws IOException {
        buffer.clear();
        for (int at = 0; at < length; at += ZEROS.length) {
            buffer.put(at, ZEROS);
        }
        for (FrozenRun run : memory.runs()) {
            long from = Math.max(offset, run.offset());
            long to = Math.min(offset + length, run.end());
            if (from < to) {
                read(run, from, to, offset);
            }
        }
        return buffer.limit(length);
    }

    private void read(FrozenRun run, long from, long to, long bufferStart) throws IOException {
        for (long at = from; at < to;) {
            long count = run.file().fd().pread(address + at - bufferStart, to - at, run.file().base() + at);
            if (count <= 0) {
                throw new IOException("a snapshot's memory file ends before byte " + (run.file().base() + at));
            }
            at += count;
        }
    }

    @Override
    public PageSet mayHoldData() {
        return toPageSet(memory.pages());
    }

    /** The pages that are not as in {@code before}: of those that the two do not have in common, which are read of both. */
    PageSet differingFrom(FrozenMemory before) throws IOException {
        PageSet candidates = toPageSet(memory.changedSince(before));
        PageSet differing = new PageSet(candidates.pages());
        FrozenPages other = new FrozenPages(before);
        for (long from = candidates.nextIn(0); from < candidates.pages();) {
            long to = Math.min(candidates.pages(), from + PIECE / PageSet.PAGE_SIZE);
            candidates.forEachRun(from, to, (first, end) -> {
                int length = (int) (end - first) * PageSet.PAGE_SIZE;
                ByteBuffer now = read(first * PageSet.PAGE_SIZE, length);
                ByteBuffer then = other.read(first * PageSet.PAGE_SIZE, length);
                for (int at = 0; at < length; at += PageSet.PAGE_SIZE) {
                    if (!now.slice(at, PageSet.PAGE_SIZE).equals(then.slice(at, PageSet.PAGE_SIZE))) {
                        differing.add(first + at / PageSet.PAGE_SIZE);
                    }
                }
            });
            from = candidates.nextIn(to);
        }
        return differing;
    }

    /** The same pages in the other kind of set. */
    PageSet toPageSet(BitSet pages) {
        PageSet set = new PageSet(memory.length() / PageSet.PAGE_SIZE);
        for (int from = pages.nextSetBit(0); from >= 0;) {
            int to = pages.nextClearBit(from);
            set.addRange(from, to);
            from = pages.nextSetBit(to);
        }
        return set;
    }
}
