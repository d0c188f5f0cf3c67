package io.vmm4j.core.machine;

import io.vmm4j.core.block.DiskFile;
import io.vmm4j.core.block.ForkedDisk;
import io.vmm4j.core.block.MemoryOverlay;
import io.vmm4j.core.block.SharedDisk;
import io.vmm4j.core.block.qcow2.Qcow2Image;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/** What the bytes of an open image are to a drive. */
interface DiskContent extends AutoCloseable {

    /**
     * The drive's disk, which owns the image from then on.
     *
     * @param engine makes what reads and writes a file, which it owns
     */
    BlkBackend toBackend(Function<DiskFile, BlkBackend> engine) throws IOException;

    /** What was made for the drive stays when this is closed: the drive's machine has come about. */
    default void keep() {
        // Nothing was made.
    }

    /** Gives up what was opened; harmless once a disk has it. */
    @Override
    void close() throws IOException;

    /** The disk's, one after the other. */
    record Raw(DiskFile file) implements DiskContent {

        @Override
        public BlkBackend toBackend(Function<DiskFile, BlkBackend> engine) {
            return engine.apply(file);
        }

        @Override
        public void close() {
            file.close();
        }
    }

    /** Those of a qcow2 image. */
    record Qcow2(Qcow2Image image) implements DiskContent {

        @Override
        public BlkBackend toBackend(Function<DiskFile, BlkBackend> engine) {
            return image.toBackend(engine);
        }

        @Override
        public void close() throws IOException {
            image.close();
        }
    }

    /** Those of another disk, as long as the guest has written no others, which are in memory. */
    record InMemory(DiskContent base) implements DiskContent {

        @Override
        public BlkBackend toBackend(Function<DiskFile, BlkBackend> engine) throws IOException {
            return new MemoryOverlay(base.toBackend(engine));
        }

        @Override
        public void keep() {
            base.keep();
        }

        @Override
        public void close() throws IOException {
            base.close();
        }
    }

    /** Those of a disk that others may be over too, as long as the guest has written no others. */
    record Forked(DiskContent image, SharedDisk under) implements DiskContent {

        @Override
        public BlkBackend toBackend(Function<DiskFile, BlkBackend> engine) throws IOException {
            return new ForkedDisk(under);
        }

        @Override
        public void keep() {
            image.keep();
        }

        @Override
        public void close() throws IOException {
            try {
                under.close();
            } finally {
                image.close();
            }
        }
    }

    /** Those of a file that was made for the drive, and goes again when no machine comes to be with it. */
    record Made(Path path, DiskContent content, AtomicBoolean isKept) implements DiskContent {

        @Override
        public BlkBackend toBackend(Function<DiskFile, BlkBackend> engine) throws IOException {
            return content.toBackend(engine);
        }

        @Override
        public void keep() {
            content.keep();
            isKept.set(true);
        }

        @Override
        public void close() throws IOException {
            try {
                content.close();
            } finally {
                if (isKept.compareAndSet(false, true)) {
                    Files.deleteIfExists(path);
                }
            }
        }
    }
}
