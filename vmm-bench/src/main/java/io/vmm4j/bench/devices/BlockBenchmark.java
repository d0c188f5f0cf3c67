package io.vmm4j.bench.devices;

import io.vmm4j.core.block.DiskBackend;
import io.vmm4j.core.block.DiskFile;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.devices.virtio.blk.BlkConfig;
import io.vmm4j.devices.virtio.blk.CacheType;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A request of 4 KiB at a random place of an image in the host's page cache, from the notification to the interrupt. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BlockBenchmark {

    private static final int IMAGE = 32 << 20;
    private static final int SECTORS_A_BLOCK = 8;
    private static final long STATUS = BenchGuest.BUFFERS + 0x4000;

    /** The ring's format. */
    @Param({"split", "split-indirect", "packed"})
    public String ring;

    /** What is read: an image, or nothing, which leaves the device's own work. */
    @Param({"image", "none"})
    public String disk;

    private final BenchGuest guest = new BenchGuest();
    private Path image;
    private BlkBackend backend;
    private BenchRing driver;
    private int random = 1;

    /** Writes the image and starts the device. */
    @Setup
    public void open() throws IOException, GuestMemoryException {
        image = Files.createTempFile("vmm-bench", ".img");
        Files.write(image, new byte[IMAGE]);
        backend = disk.equals("image") ? new DiskBackend(DiskFile.open(image, true, false)) : new NoDisk(IMAGE);
        long features = BenchRing.features(ring);
        driver = guest.ring(0, features).buffer(BenchGuest.BUFFERS, 16, 0).buffer(BenchGuest.BUFFERS + 0x1000, 4096, BenchRing.WRITE)
            .buffer(STATUS, 1, BenchRing.WRITE).layOut();
        guest.start(new VirtioBlk(new BlkConfig(true, CacheType.UNSAFE), backend, List.of(guest.loop())), features, driver);
    }

    /** Gives the image back. */
    @TearDown
    public void close() throws IOException {
        backend.close();
        Files.delete(image);
    }

    /** A read. */
    @Benchmark
    public int read4k() throws GuestMemoryException {
        random = random * 1664525 + 1013904223;
        long block = (long) (random >>> 8) % (IMAGE / 4096);
        guest.ram().writeU64(BenchGuest.BUFFERS + 8, block * SECTORS_A_BLOCK);
        guest.ram().writeU8(STATUS, 0xFF);
        driver.publish();
        guest.notifyQueue(0);
        int status = guest.ram().readU8(STATUS);
        if (status != 0) {
            throw new IllegalStateException("the request ended with status " + status);
        }
        return status;
    }
}
