package io.vmm4j.core.snapshot.file;

import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongConsumer;

/** What a snapshot's memory file is to be like, down to the last page, for whoever has the file open. Immutable. */
public final class SnapshotCheck {

    private final Path path;
    private final MemoryTable table;

    /** @param path of the memory file, for messages */
    SnapshotCheck(Path path, MemoryTable table) {
        this.path = path;
        this.table = table;
    }

    /**
     * Reads all of the memory file that is not a hole and holds it against the checksums of the state.
     *
     * @param memory   open for reading
     * @param progress told the bytes of RAM that are done with, now and then
     * @throws SnapshotFileException in one line, naming the first 2 MiB that are not as they were written
     */
    public void verify(Fd memory, LongConsumer progress) throws IOException {
        try {
            MemoryCheck.all(memory, path, table, progress);
        } catch (SnapshotFileException e) {
            throw e;
        } catch (IOException e) {
            throw new SnapshotFileException(path, "cannot be read", e);
        }
    }
}
