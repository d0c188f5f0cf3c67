package io.vmm4j.bench.devices;

import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.virtio.net.MacAddress;
import io.vmm4j.devices.virtio.net.NetConfig;
import io.vmm4j.devices.virtio.net.VirtioNet;
import java.io.IOException;
import java.nio.ByteBuffer;
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

/** A frame of 1514 bytes between a guest's queue and a socket, and the other end's system call for it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class NetBenchmark {

    private static final int FRAME = 12 + 1514;
    private static final long RX = BenchGuest.BUFFERS;
    private static final long TX = BenchGuest.BUFFERS + 0x1_0000;

    /** The rings' format. */
    @Param({"split", "packed"})
    public String ring;

    private final BenchGuest guest = new BenchGuest();
    private final ByteBuffer frame = ByteBuffer.allocateDirect(FRAME);
    private SocketPort port;
    private BenchRing rx;
    private BenchRing tx;

    /** Connects the sockets and starts the device. */
    @Setup
    public void open() throws IOException, GuestMemoryException {
        port = new SocketPort();
        long features = BenchRing.features(ring);
        rx = guest.ring(0, features).buffer(RX, 2048, BenchRing.WRITE).layOut();
        tx = guest.ring(1, features).buffer(TX, 12, 0).buffer(TX + 0x1000, FRAME - 12, 0).layOut();
        guest.start(new VirtioNet(guest.loop(), NetConfig.of(MacAddress.parse("02:00:00:00:00:01")), port), features, rx, tx);
    }

    /** Closes the sockets. */
    @TearDown
    public void close() {
        port.close();
    }

    /** From the guest. */
    @Benchmark
    public int transmit() throws IOException, GuestMemoryException {
        tx.publish();
        guest.notifyQueue(1);
        frame.clear();
        return checked(port.far().receive(frame));
    }

    /** To the guest. */
    @Benchmark
    public int receive() throws IOException, GuestMemoryException {
        rx.publish();
        guest.ram().writeU8(RX + 13, 0xFF);
        frame.clear();
        int sent = port.far().send(frame);
        port.tellReadable();
        guest.loop().run();
        if (guest.ram().readU8(RX + 13) != 0) {
            throw new IllegalStateException("the frame did not arrive");
        }
        return checked(sent);
    }

    private static int checked(int length) {
        if (length != FRAME) {
            throw new IllegalStateException("a frame of " + FRAME + " bytes became one of " + length);
        }
        return length;
    }
}
