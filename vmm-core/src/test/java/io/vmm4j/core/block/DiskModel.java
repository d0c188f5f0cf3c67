package io.vmm4j.core.block;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/** What a disk should hold, and random requests of the shapes that guests make, done to both. */
public final class DiskModel {

    private final byte[] bytes;
    private final Random random;

    public DiskModel(byte[] bytes, Random random) {
        this.bytes = bytes;
        this.random = random;
    }

    public byte[] bytes() {
        return bytes;
    }

    /** {@code data} in pieces of odd lengths and places, whole sectors together. */
    private ByteBuffer[] pieces(byte[] data) {
        ByteBuffer[] views = new ByteBuffer[1 + random.nextInt(5)];
        int at = 0;
        for (int i = 0; i < views.length; i++) {
            int length = i == views.length - 1 ? data.length - at : random.nextInt(data.length - at + 1);
            int pad = random.nextInt(9);
            views[i] = ByteBuffer.allocateDirect(length + pad).position(pad).put(data, at, length).position(pad);
            at += length;
        }
        return views;
    }

    /** A request at sectors of the disk, up to {@code most} bytes; what it should do, it has done to the model too. */
    public void request(BlkBackend disk, int most) throws IOException {
        int length = 512 * (1 + random.nextInt(Math.min(most, bytes.length) / 512));
        int offset = 512 * random.nextInt((bytes.length - length) / 512 + 1);
        switch (random.nextInt(8)) {
            case 0, 1, 2 -> read(disk, offset, length);
            case 3 -> {
                disk.writeZeroes(offset, length, random.nextBoolean());
                Arrays.fill(bytes, offset, offset + length, (byte) 0);
            }
            case 4 -> {
                if (disk.canDiscard()) {
                    disk.discard(offset, length);
                    // What is discarded reads as anything: settled here.
                    write(disk, offset, new byte[length]);
                }
            }
            default -> {
                byte[] data = new byte[length];
                random.nextBytes(data);
                write(disk, offset, data);
            }
        }
    }

    public void write(BlkBackend disk, int offset, byte[] data) throws IOException {
        ByteBuffer[] views = pieces(data);
        disk.write(views, views.length, offset);
        System.arraycopy(data, 0, bytes, offset, data.length);
    }

    public void read(BlkBackend disk, int offset, int length) throws IOException {
        ByteBuffer[] views = pieces(new byte[length]);
        int[] begins = Arrays.stream(views).mapToInt(ByteBuffer::position).toArray();
        int[] ends = Arrays.stream(views).mapToInt(ByteBuffer::limit).toArray();
        disk.read(views, views.length, offset);
        ByteBuffer found = ByteBuffer.allocate(length);
        for (int i = 0; i < views.length; i++) {
            assertEquals(ends[i], views[i].limit(), "a view's limit is its owner's");
            found.put(views[i].position(begins[i]));
        }
        int different = Arrays.mismatch(Arrays.copyOfRange(bytes, offset, offset + length), found.array());
        assertEquals(-1, different, () -> "byte " + (offset + different) + " differs, in a read of " + length + " at " + offset);
    }

    /** Reads all of the disk. */
    public void check(BlkBackend disk) throws IOException {
        for (int at = 0; at < bytes.length; at += 1 << 20) {
            read(disk, at, Math.min(1 << 20, bytes.length - at));
        }
    }
}
