package io.vmm4j.core.snapshot.file;

import io.vmm4j.devices.state.StateException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/** Makes one snapshot of a base and diffs to it. */
public final class SnapshotMerge {

    private SnapshotMerge() {
    }

    /**
     * Writes to {@code out} what the last diff is a snapshot of. It is the same snapshot, under the same id, so that a further diff to it fits;
     * its memory is whole when the base's is, and else a diff to the base's base. All of the memory files is verified first.
     *
     * @param base     a full snapshot or a diff
     * @param diffs    at least one, in order: each of them to the one before
     * @param out      may be one of the others when it may be replaced; they are not written to
     * @param replace  as in {@link SnapshotWriter#create(Path, boolean)}
     * @param progress told the bytes that are done with, now and then: of the RAM of each snapshot in turn, which is read, and then of the new one's,
     *                 which is written
     * @throws SnapshotFileException in one line, when one is not a diff to the one before, or a file cannot be read or written
     */
    public static SnapshotInfo merge(Path base, List<Path> diffs, Path out, boolean replace, LongConsumer progress) throws IOException {
        List<Path> paths = new ArrayList<>(List.of(base));
        paths.addAll(diffs);
        List<SnapshotReader> layers = new ArrayList<>();
        try {
            for (Path path : paths) {
                SnapshotReader layer = SnapshotReader.open(path);
                layers.add(layer);
                if (layers.size() > 1) {
                    requireFits(path, layer, paths.get(layers.size() - 2), layers.get(layers.size() - 2));
                }
            }
            long verified = 0;
            for (SnapshotReader layer : layers) {
                long before = verified;
                layer.verify(done -> progress.accept(before + done));
                verified += layer.layout().size();
            }
            long read = verified;
            return write(layers, out, replace, done -> progress.accept(read + done));
        } finally {
            layers.forEach(SnapshotReader::close);
        }
    }

    private static void requireFits(Path path, SnapshotReader diff, Path basePath, SnapshotReader base) throws SnapshotFileException {
        SnapshotId wanted = diff.info().base().orElseThrow(() -> new SnapshotFileException(path + " is a full snapshot, and no diff to " + basePath));
        if (!wanted.equals(base.info().id())) {
            throw new SnapshotFileException(path + " is a diff to snapshot " + wanted + ", and " + basePath + " is snapshot " + base.info().id());
        }
        if (!diff.layout().equals(base.layout())) {
            throw new SnapshotFileException(path + " has other memory than " + basePath + ": " + diff.layout().size() + " bytes in "
                    + diff.layout().regions().size() + " regions, and " + base.layout().size() + " in " + base.layout().regions().size());
        }
    }

    private static SnapshotInfo write(List<SnapshotReader> layers, Path out, boolean replace, LongConsumer progress) throws IOException {
        SnapshotReader last = layers.get(layers.size() - 1);
        try (SnapshotWriter writer = SnapshotWriter.create(out, replace, last.info().id(), last.info().created())) {
            writer.onProgress(progress);
            SnapshotInfo base = layers.get(0).info();
            PageSource pages = new LayeredPages(layers);
            if (base.isDiff()) {
                writer.diff(last.layout(), pages, pagesOf(layers), base.base().get());
            } else {
                writer.full(last.layout(), pages, PageSet.full(last.layout().pages()));
            }
            return writer.commit(last.label(), last.machine());
        } catch (StateException e) {
            throw new SnapshotFileException(out + " cannot be written: " + e.getMessage());
        }
    }

    private static PageSet pagesOf(List<SnapshotReader> layers) {
        PageSet pages = new PageSet(layers.get(0).layout().pages());
        layers.forEach(layer -> pages.addAll(layer.table().pages()));
        return pages;
    }
}
