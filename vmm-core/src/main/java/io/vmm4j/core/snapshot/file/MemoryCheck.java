package io.vmm4j.core.snapshot.file;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileStat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.LongConsumer;

/**
 * Holds a memory file against what its state says: cheaply on opening (its length, and {@value MemoryTable#MAX_SAMPLES} pages of it), or page by
 * page. The first tells a file that was cut short, or is another snapshot's; damage to a page it tells by chance only.
 */
final class MemoryCheck {

    private static final int PAGE = PageSet.PAGE_SIZE;
    private static final int PAGES_OF_CHUNK = MemoryTable.CHUNK / PAGE;

    private MemoryCheck() {
    }

    /** @throws SnapshotFileException in one line when the file cannot be the one of {@code table} */
    static void atOpen(Fd file, Path path, MemoryTable table) throws IOException {
        FileStat stat = file.stat();
        if (!stat.isRegularFile()) {
            throw new SnapshotFileException(path + " is not a regular file, and so no snapshot's memory");
        }
        if (stat.size() != table.layout().size()) {
            throw new SnapshotFileException(path + " has " + stat.size() + " bytes, and its state says " + table.layout().size()
                    + (stat.size() < table.layout().size() ? ": it was cut short or is another snapshot's" : ": it is another snapshot's"));
        }
        ByteBuffer page = ByteBuffer.allocateDirect(PAGE);
        for (MemoryTable.Sample sample : table.samples()) {
            FileBytes.read(file, page.clear(), sample.page() * PAGE);
            if (ChunkSums.ofPage(page, 0) != sample.sum()) {
                throw new SnapshotFileException(path + " is damaged or another snapshot's: page " + sample.page() + " is not what its state says");
            }
        }
    }

    /**
     * Reads all that the file has, and compares.
     *
     * @param progress told the bytes that are done with, now and then
     * @throws SnapshotFileException in one line, naming the first 2 MiB that are damaged
     */
    static void all(Fd file, Path path, MemoryTable table, LongConsumer progress) throws IOException {
        FilePages pages = new FilePages(file, table.layout().size());
        PageSet data = pages.mayHoldData();
        ChunkSums sums = new ChunkSums();
        for (int chunk = 0; chunk < table.sums().length; chunk++) {
            long from = (long) chunk * PAGES_OF_CHUNK;
            long to = Math.min(data.pages(), from + PAGES_OF_CHUNK);
            data.forEachRun(from, to, (first, end) -> {
                ByteBuffer bytes = pages.read(first * PAGE, (int) (end - first) * PAGE);
                for (long page = first; page < end; page++) {
                    int at = (int) (page - first) * PAGE;
                    if (!sums.isZero(bytes, at)) {
                        sums.add(page, bytes, at);
                    }
                }
            });
            if (sums.takeSum() != table.sums()[chunk]) {
                throw new SnapshotFileException(path + " is damaged between its bytes " + from * PAGE + " and " + to * PAGE);
            }
            progress.accept(to * PAGE);
        }
    }
}
