package io.vmm4j.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.vmm4j.devices.memory.BufferGuestMemory;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.testing.RecordingLine;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The path of a request, from the notification to the interrupt, makes no garbage. */
final class BlkAllocationTest {

    private static final int WARM_UP = 2_000;
    private static final int REQUESTS = 5_000;
    private static final long VERSION_1 = 1L << 32;
    private static final long RINGS = VERSION_1 | 1L << 28 | 1L << 29;

    @TempDir
    private Path dir;

    @ParameterizedTest
    @ValueSource(longs = {VERSION_1, RINGS, RINGS | 1L << 34})
    void aReadFromTheFileAllocatesNothing(long features) throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        GuestMemory memory = new BufferGuestMemory(List.of(GuestRam.region(0, 1 << 20, 1 << 20)));
        GuestRam.put(memory, 0x20000, new byte[16]);
        ManualLoop loop = new ManualLoop(new ManualClock());
        Path image = Files.write(dir.resolve("disk.img"), new byte[8192]);
        try (FileBlkBackend backend = FileBlkBackend.open(image, true)) {
            VirtioBlk blk = new VirtioBlk(new BlkConfig(true, CacheType.UNSAFE), backend, List.of(loop));
            VirtioMmioTransport transport = new VirtioMmioTransport(blk, memory, new RecordingLine(), loop);
            DriverQueue queue = DriverQueue.of(memory, 0x10000, 16, features);
            new MmioDriver(transport).start(features, queue);
            loop.run();
            long allocated = 0;
            for (int i = 0; i < WARM_UP + REQUESTS; i++) {
                Buffer[] buffers = {Buffer.readable(0x20000, 16), Buffer.writable(0x30000, 4096), Buffer.writable(0x40000, 1)};
                if ((features & 1L << 28) != 0) {
                    queue.addIndirect(0x50000, buffers);
                } else {
                    queue.add(buffers);
                }
                long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
                transport.notifyQueue(0);
                long after = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
                if (i >= WARM_UP) {
                    allocated += after - before;
                }
                assertEquals(4097, queue.takeUsed().length());
            }
            assertTrue(allocated < REQUESTS, allocated + " bytes in " + REQUESTS + " requests");
        }
    }
}
