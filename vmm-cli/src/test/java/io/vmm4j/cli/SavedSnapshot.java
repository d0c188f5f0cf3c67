package io.vmm4j.cli;

import io.vmm4j.core.snapshot.file.MemoryLayout;
import io.vmm4j.core.snapshot.file.PageSet;
import io.vmm4j.core.snapshot.file.PageSource;
import io.vmm4j.core.snapshot.file.SnapshotId;
import io.vmm4j.core.snapshot.file.SnapshotInfo;
import io.vmm4j.core.snapshot.file.SnapshotLabel;
import io.vmm4j.core.snapshot.file.SnapshotWriter;
import io.vmm4j.devices.state.State;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** Snapshots of nothing that was ever a machine, for what looks at files: a memory of pages that are each filled with one byte. */
final class SavedSnapshot {

    static final int PAGE = PageSet.PAGE_SIZE;
    static final int PAGES = 256;
    private static final MemoryLayout LAYOUT = new MemoryLayout(List.of(new MemoryLayout.Region(0, (long) PAGES * PAGE)));
    private static final State MACHINE = State.builder().put("nothing", 1).build();
    private static final SnapshotLabel LABEL = new SnapshotLabel("web", 2, List.of("rtc", "serial"));

    private SavedSnapshot() {
    }

    /** All of the memory. */
    static SnapshotInfo full(Path directory, int... pages) throws Exception {
        return save(directory, null, pages);
    }

    /** What is not as in another: so many pages from the first on. */
    static SnapshotInfo diff(Path directory, SnapshotId base, int... pages) throws Exception {
        return save(directory, base, pages);
    }

    private static SnapshotInfo save(Path directory, SnapshotId base, int... pages) throws Exception {
        try (SnapshotWriter writer = SnapshotWriter.create(directory, false)) {
            if (base == null) {
                writer.full(LAYOUT, of(pages), PageSet.full(PAGES));
            } else {
                PageSet written = new PageSet(PAGES);
                written.addRange(0, pages.length);
                writer.diff(LAYOUT, of(pages), written, base);
            }
            return writer.commit(LABEL, MACHINE);
        }
    }

    private static PageSource of(int... pages) {
        return new PageSource() {
            @Override
            public long size() {
                return LAYOUT.size();
            }

            @Override
            public ByteBuffer read(long offset, int length) {
                ByteBuffer bytes = ByteBuffer.allocateDirect(length);
                for (int at = 0; at < length; at++) {
                    int page = (int) ((offset + at) / PAGE);
                    bytes.put(at, (byte) (page < pages.length ? pages[page] : 0));
                }
                return bytes;
            }
        };
    }

    /** Makes a full one and a diff to it, for a person to try things with: the arguments are their places. */
    public static void main(String[] args) throws Exception {
        SnapshotInfo base = full(Path.of(args[0]), 1, 2, 3);
        diff(Path.of(args[1]), base.id(), 7, 0);
    }
}
