package io.vmm4j.core.snapshot.file;

import io.vmm4j.devices.state.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What stands for a guest's RAM in tests: a map of pages that are not zeros, which notes what it is written. */
final class Guest implements PageSource {

    static final SnapshotLabel LABEL = new SnapshotLabel("box", 2, List.of("virtio-blk root", "virtio-net eth0"));
    static final State MACHINE = State.builder().put("vcpus", List.of(State.builder().put("rip", 0x1000).build())).build();
    private static final int PAGE = PageSet.PAGE_SIZE;

    final MemoryLayout layout;
    final Map<Long, byte[]> pages = new HashMap<>();
    PageSet dirty;

    Guest(MemoryLayout layout) {
        this.layout = layout;
        this.dirty = new PageSet(layout.pages());
    }

    static Guest of(int pages) {
        return new Guest(new MemoryLayout(List.of(new MemoryLayout.Region(0, (long) pages * PAGE))));
    }

    /** Writes one page, with zeros for {@code value} 0. */
    void write(long page, int value) {
        if (value == 0) {
            pages.remove(page);
        } else {
            byte[] bytes = new byte[PAGE];
            new Random(value * 31L + page).nextBytes(bytes);
            // Not all that is used is seen in its first bytes.
            if (value % 3 == 0) {
                Arrays.fill(bytes, 0, PAGE - 1, (byte) 0);
                bytes[PAGE - 1] = (byte) (value | 1);
            }
            pages.put(page, bytes);
        }
        dirty.add(page);
    }

    void writeSome(Random random, int count) {
        for (int i = 0; i < count; i++) {
            long page = random.nextInt((int) layout.pages());
            int run = 1 + random.nextInt(3);
            for (long at = page; at < Math.min(layout.pages(), page + run); at++) {
                write(at, random.nextInt(4));
            }
        }
    }

    @Override
    public long size() {
        return layout.size();
    }

    @Override
    public ByteBuffer read(long offset, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(length);
        for (int at = 0; at < length; at += PAGE) {
            bytes.position(at).put(pages.getOrDefault((offset + at) / PAGE, new byte[PAGE]));
        }
        return bytes.position(0);
    }

    SnapshotInfo saveFull(Path directory) throws Exception {
        try (SnapshotWriter writer = SnapshotWriter.create(directory, true)) {
            writer.full(layout, this, PageSet.full(layout.pages()));
            SnapshotInfo info = writer.commit(LABEL, MACHINE);
            dirty = new PageSet(layout.pages());
            return info;
        }
    }

    SnapshotInfo saveDiff(Path directory, SnapshotId base) throws Exception {
        try (SnapshotWriter writer = SnapshotWriter.create(directory, true)) {
            writer.diff(layout, this, dirty, base);
            SnapshotInfo info = writer.commit(LABEL, MACHINE);
            dirty = new PageSet(layout.pages());
            return info;
        }
    }

    /** The pages that the memory file of a snapshot has, of those it may have. */
    static Map<Long, byte[]> read(Path directory) throws IOException {
        Map<Long, byte[]> pages = new HashMap<>();
        try (SnapshotReader reader = SnapshotReader.open(directory)) {
            ByteBuffer bytes = ByteBuffer.allocateDirect(PAGE);
            PageSet data = FilePages.dataIn(reader.memory(), reader.layout().size());
            for (long page = data.nextIn(0); page < data.pages(); page = data.nextIn(page + 1)) {
                byte[] own = new byte[PAGE];
                reader.read(bytes.clear(), page * PAGE);
                bytes.flip().get(own);
                if (!Arrays.equals(own, new byte[PAGE])) {
                    pages.put(page, own);
                }
            }
        }
        return pages;
    }

    static boolean isSame(Map<Long, byte[]> one, Map<Long, byte[]> other) {
        return one.keySet().equals(other.keySet())
                && one.entrySet().stream().allMatch(page -> Arrays.equals(page.getValue(), other.get(page.getKey())));
    }
}
