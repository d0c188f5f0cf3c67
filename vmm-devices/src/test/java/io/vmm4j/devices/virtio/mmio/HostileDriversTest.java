package io.vmm4j.devices.virtio.mmio;

import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.withSettings;

import io.vmm4j.devices.testing.Hostile;
import io.vmm4j.devices.testing.PlainPort;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.balloon.BalloonConfig;
import io.vmm4j.devices.virtio.balloon.VirtioBalloon;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.devices.virtio.blk.BlkConfig;
import io.vmm4j.devices.virtio.blk.CacheType;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import io.vmm4j.devices.virtio.console.ConsoleBackend;
import io.vmm4j.devices.virtio.console.ConsoleConfig;
import io.vmm4j.devices.virtio.console.VirtioConsole;
import io.vmm4j.devices.virtio.net.MacAddress;
import io.vmm4j.devices.virtio.net.NetConfig;
import io.vmm4j.devices.virtio.net.VirtioNet;
import io.vmm4j.devices.virtio.rng.VirtioRng;
import io.vmm4j.devices.virtio.vsock.VirtioVsock;
import io.vmm4j.devices.virtio.vsock.VsockStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every virtio device against the whole catalogue of hostile drivers, on each of its queues that a driver can attack. */
final class HostileDriversTest {

    private static final int FRAME = 12 + 60;
    private static final VsockStream STREAM = mock(VsockStream.class, withSettings().stubOnly());

    /** A queue of a device, and how an attack on it is carried out. */
    private record Target(String name, Consumer<Hostile.Attack> survive) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Arguments> devicesAndAttacks() {
        List<Target> targets = new ArrayList<>();
        targets.add(new Target("device that takes any chain", attack -> VirtioRig.survive(attack, 0, loop -> new Taker(), device -> { })));
        targets.add(new Target("blk", attack -> VirtioRig.survive(attack, 0, HostileDriversTest::blk, device -> { })));
        targets.add(new Target("rng", attack -> VirtioRig.survive(attack, 0, HostileDriversTest::rng, device -> { })));
        for (int queue = 0; queue < 2; queue++) {
            int index = queue;
            targets.add(new Target("balloon, queue " + index, attack -> VirtioRig.survive(attack, index, HostileDriversTest::balloon, device -> { })));
            targets.add(new Target("net, queue " + index, attack -> net(attack, index)));
            targets.add(new Target("console, queue " + index, attack -> console(attack, index)));
            targets.add(new Target("vsock, queue " + index, attack -> vsock(attack, index)));
        }
        List<Hostile.Attack> attacks = Hostile.all(VirtioRig.seed("HostileDriversTest"));
        return targets.stream().flatMap(target -> attacks.stream().map(attack -> Arguments.of(target, attack)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("devicesAndAttacks")
    void survives(Target target, Hostile.Attack attack) {
        target.survive().accept(attack);
    }

    private static VirtioBlk blk(EventLoop loop) {
        try {
            return new VirtioBlk(new BlkConfig(false, CacheType.WRITEBACK), new EmptyDisk(), List.of(loop));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static VirtioRng rng(EventLoop loop) {
        return new VirtioRng(loop, target -> target.position(target.limit()));
    }

    private static VirtioBalloon balloon(EventLoop loop) {
        return new VirtioBalloon(loop, new BalloonConfig(16, true, 1, true, true), range -> { });
    }

    private static void net(Hostile.Attack attack, int queue) {
        BusyPort port = new BusyPort();
        VirtioRig.survive(attack, queue, loop -> new VirtioNet(loop, NetConfig.of(MacAddress.parse("02:00:00:00:00:01")), port),
            device -> port.frames(4));
    }

    private static void console(Hostile.Attack attack, int queue) {
        BusyTerminal terminal = new BusyTerminal();
        VirtioRig.survive(attack, queue, loop -> new VirtioConsole(loop, ConsoleConfig.hvc0(80, 25), List.of(terminal)),
            device -> terminal.type(4));
    }

    /** The host asks for a connection whenever the device is looked at, so that there is something to receive. */
    private static void vsock(Hostile.Attack attack, int queue) {
        VirtioRig.survive(attack, queue, loop -> new VirtioVsock(loop, 42, port -> {
            throw new IOException("nobody listens at " + port);
        }), device -> device.connect(1000, STREAM));
    }

    private static int take(ByteBuffer buffer, int most) {
        int length = Math.min(most, buffer.remaining());
        buffer.position(buffer.position() + length);
        return length;
    }

    /** Takes all and gives nothing. */
    private static final class EmptyDisk implements BlkBackend {
        @Override
        public long capacity() {
            return 65536;
        }

        @Override
        public String id() {
            return "disk";
        }

        @Override
        public void read(ByteBuffer[] views, int count, long offset) {
            // What is there stays.
        }

        @Override
        public void write(ByteBuffer[] views, int count, long offset) {
            // Forgotten.
        }

        @Override
        public void flush() {
            // Nothing to keep.
        }

        @Override
        public boolean canDiscard() {
            return true;
        }

        @Override
        public void discard(long offset, long length) {
            // Nothing to give back.
        }

        @Override
        public void writeZeroes(long offset, long length, boolean mayUnmap) {
            // Forgotten.
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }

    /** Sends all, and has some frames for the guest whenever it is told so. */
    private static final class BusyPort extends PlainPort {
        private int waiting;

        void frames(int count) {
            waiting = count;
            tellReadable();
        }

        @Override
        public int receive(int pair, ByteBuffer frame) {
            return waiting-- > 0 ? take(frame, FRAME) : 0;
        }

        @Override
        public boolean send(int pair, ByteBuffer[] pieces, int count) {
            return true;
        }
    }

    /** Prints all, and has some input for the guest whenever it is told so. */
    private static final class BusyTerminal implements ConsoleBackend {
        private Listener listener;
        private int waiting;

        void type(int octets) {
            waiting = octets;
            listener.readable();
        }

        @Override
        public void open(Listener newListener) {
            listener = newListener;
        }

        @Override
        public int read(ByteBuffer target) {
            return waiting-- > 0 ? take(target, 1) : 0;
        }

        @Override
        public int write(ByteBuffer source) {
            return take(source, Integer.MAX_VALUE);
        }

        @Override
        public void guestOpened(boolean open) {
            // It prints all the same.
        }
    }
}
