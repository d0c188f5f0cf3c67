package io.vmm4j.core.block.qcow2;

import io.vmm4j.core.block.DiskBackend;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** Images made without QEMU, and bytes of them changed. */
final class TestImage {

    private TestImage() {
    }

    /** An image of version 3, in clusters of 16 KiB, with nothing in it and nothing behind it. */
    static Path empty(Path directory, long size) throws IOException {
        Path image = directory.resolve("made.qcow2");
        Files.deleteIfExists(image);
        Qcow2Overlay.create(image, size, Path.of("/nothing"), true);
        put(image, 8, 0);
        return image;
    }

    static void put(Path image, long offset, long value) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(offset);
            file.writeLong(value);
        }
    }

    static void putInt(Path image, long offset, int value) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(offset);
            file.writeInt(value);
        }
    }

    static long get(Path image, long offset) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "r")) {
            file.seek(offset);
            return file.readLong();
        }
    }

    static BlkBackend open(Path image, boolean readOnly) throws IOException {
        return Qcow2Image.open(image, readOnly, false).toBackend(DiskBackend::new);
    }

    static ByteBuffer[] bytes(int length, int value) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(length);
        while (bytes.hasRemaining()) {
            bytes.put((byte) value);
        }
        return new ByteBuffer[] {bytes.flip()};
    }
}
