package io.vmm4j.core.snapshot.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The pages of a snapshot with diffs upon it: each from the last layer that has it. */
final class LayeredPages implements PageSource {

    private final List<SnapshotReader> layers;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(MemoryTable.CHUNK);

    /** @param layers the base first; of it all pages are taken, whether it is a full one or not */
    LayeredPages(List<SnapshotReader> layers) {
        this.layers = List.copyOf(layers);
    }

    @Override
    public long size() {
        return layers.get(0).layout().size();
    }

    @Override
    public ByteBuffer read(long offset, int length) throws IOException {
        long first = offset >>> PageSet.PAGE_SHIFT;
        long end = offset + length >>> PageSet.PAGE_SHIFT;
        for (long page = first; page < end; ) {
            int layer = layerOf(page);
            long next = page + 1;
            while (next < end && layerOf(next) == layer) {
                next++;
            }
            buffer.limit((int) (next - first << PageSet.PAGE_SHIFT)).position((int) (page - first << PageSet.PAGE_SHIFT));
            layers.get(layer).read(buffer, page << PageSet.PAGE_SHIFT);
            page = next;
        }
        return buffer.limit(length).position(0);
    }

    private int layerOf(long page) {
        int layer = layers.size() - 1;
        while (layer > 0 && !layers.get(layer).table().pages().contains(page)) {
            layer--;
        }
        return layer;
    }

    @Override
    public PageSet mayHoldData() throws IOException {
        List<PageSet> data = new ArrayList<>();
        for (SnapshotReader layer : layers) {
            data.add(FilePages.dataIn(layer.memory(), size()));
        }
        PageSet all = data.get(0);
        data.subList(1, data.size()).forEach(all::addAll);
        return all;
    }
}
