package io.vmm4j.bench.devices;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.IoVec;
import io.vmm4j.kvm.libc.LibC;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The system call alone that {@link BlockBenchmark} makes for each of its requests: 4 KiB at a random place of an image in the page cache. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PreadBenchmark {

    private static final int IMAGE = 32 << 20;
    private static final int BLOCK = 4096;

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(2 * BLOCK).alignedSlice(BLOCK);
    private final IoVec vector = new IoVec(1);
    private Path image;
    private Fd fd;
    private FileChannel channel;
    private int random = 1;

    /** Writes the image. */
    @Setup
    public void open() throws IOException {
        image = Files.createTempFile("vmm-bench", ".img");
        Files.write(image, new byte[IMAGE]);
        fd = Fd.open(image, Fd.O_RDONLY);
        channel = FileChannel.open(image, StandardOpenOption.READ);
        vector.add(buffer, 0, BLOCK);
    }

    /** Gives the image back. */
    @TearDown
    public void close() throws IOException {
        fd.close();
        channel.close();
        Files.delete(image);
    }

    private long next() {
        random = random * 1664525 + 1013904223;
        return (long) (random >>> 8) % (IMAGE / BLOCK) * BLOCK;
    }

    /** pread(2), as vmm calls it. */
    @Benchmark
    public long pread() throws IOException {
        return fd.pread(LibC.address(buffer), BLOCK, next());
    }

    /** preadv(2) of one piece, as vmm calls it. */
    @Benchmark
    public long preadv() throws IOException {
        return fd.preadv(vector, next());
    }

    /** pread(2), as Java's own library calls it. */
    @Benchmark
    public int channel() throws IOException {
        return channel.read(buffer.clear().limit(BLOCK), next());
    }

    /** What a buffer's address costs, of which every system call on one needs one. */
    @Benchmark
    public long address() {
        return LibC.address(buffer);
    }
}
