package io.vmm4j.devices.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.Snapshots;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.virtio.console.BufferedConsole;
import io.vmm4j.devices.virtio.console.ConsoleConfig;
import io.vmm4j.devices.virtio.console.ConsolePortConfig;
import io.vmm4j.devices.virtio.console.VirtioConsole;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The console device, with text and messages on their way. */
final class ConsoleWalks {

    private static final long DATA = VirtioRig.DATA;
    private static final long SIZE = 1;
    private static final long MULTIPORT = 1L << 1;

    private ConsoleWalks() {
    }

    static List<StateWalk> all() {
        return List.of(new StateWalk(VirtioConsole.class, "text and messages wait at two ports", ConsoleWalks::ports),
                new StateWalk(VirtioConsole.class, "one port that drops", ConsoleWalks::dropping),
                new StateWalk(VirtioConsole.class, "waits for a reset", () -> VirtioWalks.broken(consoles())));
    }

    private static final class Sink implements SerialSink {
        private final StringBuilder text = new StringBuilder();
        private int room = 4;

        @Override
        public boolean hasRoom() {
            return room > 0;
        }

        @Override
        public void write(int octet) {
            room--;
            text.append((char) octet);
        }
    }

    private static Sink sink;
    private static BufferedConsole console;

    static Snapshots<VirtioConsole> consoles() {
        return Snapshots.of(loop -> {
            sink = new Sink();
            console = new BufferedConsole(loop, sink, () -> { });
            return new VirtioConsole(loop, new ConsoleConfig(80, 25, true,
                    List.of(ConsolePortConfig.CONSOLE, new ConsolePortConfig("agent", false))),
                    List.of(console, new BufferedConsole(loop, new Sink(), () -> { })));
        });
    }

    private static void control(VirtioRig<?> rig, int id, int event, int value) {
        GuestRam.put(rig.memory(), DATA + 0x800, new byte[] {(byte) id, 0, 0, 0, (byte) event, 0, (byte) value, 0});
        rig.queue(3).add(Buffer.readable(DATA + 0x800, 8));
        rig.kick(3);
        assertNotNull(rig.queue(3).takeUsed());
    }

    private static void ports() throws StateException {
        VirtioRig<VirtioConsole> restored = consoles().check(rig -> {
            rig.start(SIZE | MULTIPORT, 16, 16, 16, 16, 16, 16);
            control(rig, 0, 0, 1); // ready
            rig.queue(2).add(Buffer.writable(DATA + 0x1000, 80));
            rig.kick(2); // one message goes, the rest waits
            control(rig, 0, 3, 1);
            control(rig, 0, 6, 1);
            rig.device().setSize(132, 50);
            GuestRam.put(rig.memory(), DATA, "output that waits");
            rig.queue(1).add(Buffer.readable(DATA, 17));
            rig.kick(1);
            console.receive("typed".getBytes(StandardCharsets.US_ASCII), 0, 5);
        });
        assertEquals(132, restored.driver().readConfig(0, 2));
        assertEquals("ut t", sink.text.toString(), "what has left before does not leave again");
        sink.room = 100;
        console.outputReady();
        restored.loop().run();
        assertEquals("ut that waits", sink.text.toString());
        assertEquals(0, restored.queue(1).takeUsed().length());
        restored.queue(0).add(Buffer.writable(DATA + 0x400, 16));
        restored.kick(0);
        assertEquals(5, restored.queue(0).takeUsed().length());
        assertEquals("typed", new String(GuestRam.get(restored.memory(), DATA + 0x400, 5), StandardCharsets.US_ASCII));
        assertNotNull(restored.queue(2).takeUsed());
        List<Integer> events = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            int id = restored.queue(2).add(Buffer.writable(DATA + 0x2000 + 0x100 * i, 80));
            restored.kick(2);
            Used used = restored.queue(2).takeUsed();
            if (used != null) {
                assertEquals(id, used.id());
                events.add((int) GuestRam.get(restored.memory(), DATA + 0x2000 + 0x100 * i, 8)[4]);
            }
        }
        assertEquals(List.of(4, 5, 1), events, "a console, its size, and that there is another port");
    }

    private static void dropping() throws StateException {
        VirtioRig<VirtioConsole> restored = consoles().check(rig -> {
            rig.start(SIZE, 16, 16);
            sink.room = 0;
            GuestRam.put(rig.memory(), DATA, "lost");
            rig.queue(1).add(Buffer.readable(DATA, 4));
            rig.kick(1);
            rig.loop().advance(Duration.ofSeconds(2));
            assertNotNull(rig.queue(1).takeUsed());
        });
        sink.room = 0;
        restored.queue(1).add(Buffer.readable(DATA, 4));
        restored.kick(1);
        assertNotNull(restored.queue(1).takeUsed(), "it goes on dropping until there is room");
        sink.room = 9;
        console.outputReady();
        restored.queue(1).add(Buffer.readable(DATA, 4));
        restored.kick(1);
        assertEquals("lost", sink.text.toString());
        assertNull(restored.queue(0).takeUsed());
    }
}
