package io.vmm4j.core.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.block.UringBackend;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.devices.virtio.blk.BlkIo;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One queue on io_uring, with as many requests in flight as it takes. */
final class Qcow2IoTest {

    private static final int SIZE = 4 << 20;

    @TempDir
    private Path directory;

    /** Counts what is in flight, by tag. */
    private static final class Flight implements BlkIo.Listener {

        private final boolean[] isBusy = new boolean[1024];
        private IOException failure;

        @Override
        public void done(int tag, IOException outcome) {
            isBusy[tag] = false;
            failure = outcome == null ? failure : outcome;
        }

        @Override
        public void settled() {
            // Nothing waits.
        }
    }

    @Test
    void requestsInFlightTogetherDoWhatTheyWouldAlone() throws Exception {
        try {
            UringBackend.requireHost();
        } catch (LinuxException e) {
            assumeTrue(false, "no io_uring on this host: " + e.getMessage());
        }
        byte[] expected = new byte[SIZE];
        new Random(1).nextBytes(expected);
        Path base = Files.write(directory.resolve("base.img"), expected);
        Path image = directory.resolve("disk.qcow2");
        Qcow2Overlay.create(image, SIZE, base, true);
        Flight flight = new Flight();
        try (EpollEventLoop loop = new EpollEventLoop("queue", failure -> { });
                BlkBackend disk = Qcow2Image.open(image, false, false).toBackend(file -> new UringBackend(file, List.of(loop)))) {
            BlkIo io = disk.openQueue(0, flight); // the loop is not running: this thread is its own
            assertTrue(io.depth() > 1);
            Random random = new Random(2);
            for (int batch = 0; batch < 40; batch++) {
                int part = SIZE / io.depth() / 512 * 512;
                for (int tag = 0; tag < io.depth(); tag++) { // each in a part of its own
                    flight.isBusy[tag] = true;
                    request(io, tag, tag * part + 512 * random.nextInt(part / 1024), 512 * (1 + random.nextInt(part / 1024)), random, expected);
                }
                io.submit();
                io.drain();
                for (int tag = 0; tag < io.depth(); tag++) {
                    assertTrue(!flight.isBusy[tag]);
                }
            }
            assertNull(flight.failure);
            ByteBuffer all = ByteBuffer.allocateDirect(SIZE);
            disk.read(new ByteBuffer[] {all}, 1, 0);
            byte[] found = new byte[SIZE];
            all.clear().get(found);
            assertArrayEquals(expected, found);
            io.close();
        }
        if (Files.isExecutable(Path.of("/usr/bin/qemu-img"))) {
            Qemu.check(image);
        }
    }

    private static void request(BlkIo io, int tag, int at, int length, Random random, byte[] expected) {
        switch (random.nextInt(6)) {
            case 0 -> io.flush(tag);
            case 1 -> {
                io.writeZeroes(tag, at, length, random.nextBoolean());
                Arrays.fill(expected, at, at + length, (byte) 0);
            }
            case 2 -> io.read(tag, TestImage.bytes(length, 0), 1, at);
            default -> {
                ByteBuffer data = TestImage.bytes(length, random.nextInt())[0];
                data.get(0, expected, at, length);
                io.write(tag, new ByteBuffer[] {data}, 1, at);
            }
        }
    }
}
