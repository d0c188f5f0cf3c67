package io.vmm4j.core.block.qcow2;

import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** A program that writes to an image until its file may not grow, and goes on with what there is. Prints how many writes failed. */
final class FullDisk {

    private FullDisk() {
    }

    public static void main(String[] arguments) throws IOException {
        Random random = new Random(3);
        int failed = 0;
        boolean[] isWritten = new boolean[512];
        try (BlkBackend disk = TestImage.open(Path.of(arguments[0]), false)) {
            for (int i = 0; i < 2000; i++) {
                int at = random.nextInt(isWritten.length);
                try {
                    disk.write(TestImage.bytes(8192, at), 1, at * 8192L);
                    isWritten[at] = true;
                } catch (IOException e) {
                    failed++;
                    if (failed % 100 == 0) {
                        disk.discard(0, 64 * 8192);
                        Arrays.fill(isWritten, 0, 64, false);
                    }
                }
                if (i % 50 == 0) {
                    disk.flush();
                }
            }
            for (int at = 0; at < isWritten.length; at++) {
                var found = TestImage.bytes(8192, 99);
                disk.read(found, 1, at * 8192L);
                if (isWritten[at] && (found[0].get(0) != (byte) at || found[0].get(8191) != (byte) at)) {
                    throw new IOException("block " + at + " is lost");
                }
            }
        }
        System.out.println(failed);
    }
}
