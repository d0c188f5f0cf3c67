package io.vmm4j.core.snapshot.file;

import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Writes a memory file: pages that are all zeros stay holes, the others are written in runs of up to {@value #MAX_RUN} bytes, and what must be
 * known to check the file is gathered on the way. Confined to one thread.
 */
final class MemoryWriter {

    private static final int MAX_RUN = 1 << 20;
    private static final int PAGE = PageSet.PAGE_SIZE;
    private static final long PAGES_OF_CHUNK = MemoryTable.CHUNK / PAGE;

    private final Fd file;
    private final PageSource source;
    private final MemoryLayout layout;
    private final LongConsumer progress;
    private final ChunkSums sums = new ChunkSums();
    private final int[] table;
    private final List<MemoryTable.Sample> firsts = new ArrayList<>();
    private long used;
    private boolean isFirst;

    private MemoryWriter(Fd file, PageSource source, MemoryLayout layout, LongConsumer progress) {
        this.file = file;
        this.source = source;
        this.layout = layout;
        this.progress = progress;
        this.table = new int[MemoryTable.chunks(layout)];
    }

    /**
     * Fills the empty {@code file}, which is as long as the RAM afterwards.
     *
     * @param pages    those that are looked at; of others a full file has zeros
     * @param isDiff   whether the others are not in it
     * @param progress told the bytes of RAM that are done with, now and then
     */
    static MemoryTable write(Fd file, PageSource source, MemoryLayout layout, PageSet pages, boolean isDiff, LongConsumer progress)
            throws IOException {
        if (source.size() != layout.size() || pages.pages() != layout.pages()) {
            throw new IllegalArgumentException(source.size() + " bytes and " + pages.pages() + " pages for a layout of " + layout.size() + " bytes");
        }
        return new MemoryWriter(file, source, layout, progress).write(pages, isDiff);
    }

    private MemoryTable write(PageSet pages, boolean isDiff) throws IOException {
        PageSet wanted = pages.copy();
        file.truncate(layout.size());
        PageSet worth = source.mayHoldData().copy();
        worth.retainAll(wanted);
        for (long page = worth.nextIn(0); page < worth.pages(); ) {
            long chunk = page / PAGES_OF_CHUNK;
            long end = Math.min(worth.pages(), (chunk + 1) * PAGES_OF_CHUNK);
            isFirst = true;
            worth.forEachRun(page, end, this::run);
            table[(int) chunk] = sums.takeSum();
            progress.accept(end * PAGE);
            page = worth.nextIn(end);
        }
        progress.accept(layout.size());
        return new MemoryTable(layout, isDiff ? wanted : null, used, table, samples());
    }

    private void run(long from, long to) throws IOException {
        ByteBuffer bytes = source.read(from * PAGE, (int) (to - from) * PAGE);
        int base = bytes.position();
        int start = -1;
        for (int at = base; at < bytes.limit(); at += PAGE) {
            boolean isZero = sums.isZero(bytes, at);
            if (start >= 0 && (isZero || at - start == MAX_RUN)) {
                flush(bytes, start, at, from * PAGE + start - base);
                start = -1;
            }
            if (!isZero) {
                start = start < 0 ? at : start;
                use(from + (at - base) / PAGE, bytes, at);
            }
        }
        if (start >= 0) {
            flush(bytes, start, bytes.limit(), from * PAGE + start - base);
        }
    }

    private void use(long page, ByteBuffer bytes, int at) {
        used++;
        sums.add(page, bytes, at);
        if (isFirst) {
            isFirst = false;
            firsts.add(new MemoryTable.Sample(page, ChunkSums.ofPage(bytes, at)));
        }
    }

    private void flush(ByteBuffer bytes, int start, int end, long offset) throws IOException {
        ByteBuffer piece = bytes.duplicate();
        piece.limit(end).position(start);
        FileBytes.write(file, piece, offset);
    }

    /** Of the first pages of all chunks some, as far apart as can be. */
    private List<MemoryTable.Sample> samples() {
        List<MemoryTable.Sample> some = new ArrayList<>();
        int count = Math.min(MemoryTable.MAX_SAMPLES, firsts.size());
        for (int i = 0; i < count; i++) {
            some.add(firsts.get((int) ((long) i * (firsts.size() - 1) / Math.max(1, count - 1))));
        }
        return some;
    }
}
