package io.vmm4j.core.block.qcow2;

import io.vmm4j.core.block.DiskBackend;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;

/**
 * A program that writes to an image until it is killed: blocks of 2 KiB each with its number and the round it was written in, discards and
 * zeroes among them. After each flush it tells the round that is on the disk from then on.
 */
final class CrashingWriter {

    static final int BLOCK = 2048;

    private CrashingWriter() {
    }

    /** @param arguments the image, a seed, and the first round */
    public static void main(String[] arguments) throws IOException {
        Random random = new Random(Long.parseLong(arguments[1]));
        long round = Long.parseLong(arguments[2]);
        DataOutputStream told = new DataOutputStream(System.out);
        try (BlkBackend disk = Qcow2Image.open(Path.of(arguments[0]), false, false).toBackend(DiskBackend::new)) {
            int blocks = (int) (disk.capacity() / BLOCK);
            while (true) {
                round++;
                for (int i = 0; i < 40; i++) {
                    change(disk, random, random.nextInt(blocks), blocks, round);
                }
                disk.flush();
                told.writeLong(round);
                told.flush();
            }
        }
    }

    private static void change(BlkBackend disk, Random random, int block, int blocks, long round) throws IOException {
        int count = Math.min(1 + random.nextInt(40), blocks - block);
        if (random.nextInt(8) == 0) {
            disk.writeZeroes((long) block * BLOCK, (long) count * BLOCK, true);
            return;
        }
        ByteBuffer data = ByteBuffer.allocateDirect(count * BLOCK);
        for (int i = 0; i < count; i++) {
            data.putLong(i * BLOCK, block + i).putLong(i * BLOCK + 8, round).putLong((i + 1) * BLOCK - 8, round);
        }
        disk.write(new ByteBuffer[] {data}, 1, (long) block * BLOCK);
    }
}
