package io.vmm4j.devices.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.i8042.I8042;
import io.vmm4j.devices.ioapic.IoApic;
import io.vmm4j.devices.ioapic.MessageRoutes;
import io.vmm4j.devices.rtc.CmosRtc;
import io.vmm4j.devices.serial.Serial16550;
import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.RecordingLine;
import io.vmm4j.devices.testing.Snapshots;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Devices on buses, of which the test is the driver. */
final class BusWalks {

    private BusWalks() {
    }

    static List<StateWalk> all() {
        return List.of(
                new StateWalk(Serial16550.class, "input, output and causes wait", BusWalks::serial),
                new StateWalk(Serial16550.class, "in loopback, with divisor access", BusWalks::loopback),
                new StateWalk(I8042.class, "answers and keys wait, a parameter is to come", BusWalks::keyboardController),
                new StateWalk(CmosRtc.class, "set to another time, with an alarm", BusWalks::clock),
                new StateWalk(CmosRtc.class, "stopped amid being set", BusWalks::stoppedClock),
                new StateWalk(IoApic.class, "routes in all modes", BusWalks::ioApic));
    }

    private static final class Sink implements SerialSink {
        private final StringBuilder text = new StringBuilder();
        private int room;

        Sink(int room) {
            this.room = room;
        }

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

    private static void serial() throws StateException {
        Sink sink = new Sink(2);
        RecordingLine line = new RecordingLine();
        Serial16550 restored = Snapshots.check(() -> new Serial16550(line, sink), port -> new BusDevice[] {port}, port -> {
            sink.room = 2;
            port.write(2, 1, 0x81); // FIFO, trigger level 8
            port.write(3, 1, 0x1b);
            port.write(7, 1, 0x77);
            port.write(4, 1, 0x0b);
            port.write(1, 1, 0x0f);
            "abcde".chars().forEach(octet -> port.write(0, 1, octet)); // two leave, three wait
            port.receive("0123456789abcdefghij".getBytes(StandardCharsets.US_ASCII), 0, 20);
            port.sendBreak();
            port.read(0, 1);
            sink.text.setLength(0);
            line.takeEdges();
        });
        assertTrue(line.takeEdges() > 0, "what is pending is raised again");
        assertEquals(0x77, restored.read(7, 1));
        assertEquals(0x1b, restored.read(3, 1));
        assertEquals(0xc4, restored.read(2, 1), "data at the trigger level, FIFO");
        StringBuilder input = new StringBuilder();
        boolean hasBreak = false;
        for (long status = restored.read(5, 1); (status & 1) != 0; status = restored.read(5, 1)) {
            hasBreak |= (status & 0x10) != 0;
            input.append((char) restored.read(0, 1));
        }
        assertEquals("123456789abcdefghij\0", input.toString());
        assertTrue(hasBreak);
        sink.text.setLength(0);
        sink.room = 100;
        restored.outputReady();
        assertEquals("cde", sink.text.toString(), "output that waited leaves once");
        restored.write(0, 1, 'f');
        assertEquals("cdef", sink.text.toString());
    }

    private static void loopback() throws StateException {
        Serial16550 restored = Snapshots.check(() -> new Serial16550(() -> { }, new Sink(9)), port -> new BusDevice[] {port}, port -> {
            port.write(4, 1, 0x1f);
            port.write(0, 1, 'x');
            port.write(0, 1, 'y'); // overruns
            port.write(3, 1, 0x80);
            port.write(0, 1, 0x34);
            port.write(1, 1, 0x12);
        });
        assertEquals(0x34, restored.read(0, 1));
        assertEquals(0x12, restored.read(1, 1));
        restored.write(3, 1, 0);
        assertEquals(0x63, restored.read(5, 1), "overrun, data, and a transmitter that is empty");
        assertEquals('y', restored.read(0, 1));
        assertEquals(0xf0, restored.read(6, 1) & 0xf0, "modem lines looped");
        restored.write(4, 1, 0x0f);
        assertTrue((restored.read(6, 1) & 0x04) != 0, "the ring indicator's end is a change since before");
    }

    private static void keyboardController() throws StateException {
        RecordingLine[] last = new RecordingLine[1];
        I8042 restored = Snapshots.check(() -> {
            last[0] = new RecordingLine();
            return new I8042(last[0], () -> { });
        },
                controller -> new BusDevice[] {controller.dataPort(), controller.commandPort()}, controller -> {
                    BusDevice data = controller.dataPort();
                    BusDevice command = controller.commandPort();
                    command.write(0, 1, 0x60);
                    data.write(0, 1, 0x45); // interrupts, translation
                    data.write(0, 1, 0xed);
                    data.read(0, 1);
                    data.write(0, 1, 5);
                    data.read(0, 1);
                    data.write(0, 1, 0xf0);
                    data.read(0, 1);
                    data.write(0, 1, 2);
                    controller.sendCtrlAltDel();
                    controller.sendCtrlAltDel();
                    command.write(0, 1, 0x20);
                    command.write(0, 1, 0x72); // byte 18 of the RAM comes next
                });
        BusDevice data = restored.dataPort();
        assertEquals(1, last[0].edges(), "a byte is there");
        assertEquals(5, restored.leds());
        restored.dataPort().write(0, 1, 0x99);
        assertEquals(0x45, data.read(0, 1), "the command byte, which was asked for");
        StringBuilder keys = new StringBuilder();
        while ((restored.commandPort().read(0, 1) & 1) != 0) {
            keys.append(Long.toHexString(data.read(0, 1))).append(' ');
        }
        assertEquals("fa 1d 38 e0 53 e0 d3 b8 9d ", keys.toString());
        restored.commandPort().write(0, 1, 0x32);
        assertEquals(0x99, data.read(0, 1), "the parameter went where its command said");
    }

    private static void set(BusDevice clock, int register, int value) {
        clock.write(0, 1, register);
        clock.write(1, 1, value);
    }

    private static long get(BusDevice clock, int register) {
        clock.write(0, 1, register);
        return clock.read(1, 1);
    }

    private static void clock() throws StateException {
        ManualClock time = new ManualClock();
        ManualLoop loop = new ManualLoop(time);
        RecordingLine line = new RecordingLine();
        CmosRtc restored = Snapshots.check(() -> new CmosRtc(time, 1 << 28, 0, line, loop), clock -> new BusDevice[] {clock}, clock -> {
            set(clock, 0x0b, 0x82);
            set(clock, 0x00, 0x00);
            set(clock, 0x02, 0x30);
            set(clock, 0x04, 0x11);
            set(clock, 0x07, 0x29);
            set(clock, 0x08, 0x02);
            set(clock, 0x09, 0x44);
            set(clock, 0x32, 0x20);
            set(clock, 0x06, 0x05);
            set(clock, 0x01, 0x05);
            set(clock, 0x03, 0xc0);
            set(clock, 0x05, 0xc0);
            set(clock, 0x70, 0x5a);
            set(clock, 0x0b, 0x22); // the alarm's interrupt
            clock.write(0, 1, 0x70);
        });
        assertEquals(0x5a, restored.read(1, 1), "the index is kept");
        assertEquals(0x11, get(restored, 0x04));
        assertEquals(0x29, get(restored, 0x07));
        assertEquals(0x44, get(restored, 0x09));
        assertEquals(0x05, get(restored, 0x06));
        line.takeEdges();
        loop.advance(Duration.ofSeconds(6));
        assertTrue(line.takeEdges() > 0, "the alarm goes off");
        assertEquals(0xa0, get(restored, 0x0c) & 0xa0);
    }

    private static void stoppedClock() throws StateException {
        ManualClock time = new ManualClock();
        CmosRtc restored = Snapshots.check(() -> new CmosRtc(time, 1 << 28, 1L << 33), clock -> new BusDevice[] {clock}, clock -> {
            set(clock, 0x0a, 0x76);
            set(clock, 0x0b, 0x86);
            set(clock, 0x04, 23);
        });
        time.advance(Duration.ofHours(1));
        assertEquals(0x76, get(restored, 0x0a));
        assertEquals(23, get(restored, 0x04));
        set(restored, 0x0a, 0x26);
        set(restored, 0x0b, 0x06);
        assertEquals(23, get(restored, 0x04));
    }

    private static final class Routes implements MessageRoutes {
        private final Map<Integer, String> routes = new TreeMap<>();
        private int changes;

        @Override
        public void route(int input, long address, int data) {
            routes.put(input, Long.toHexString(address) + "/" + Integer.toHexString(data));
        }

        @Override
        public void cut(int input) {
            routes.remove(input);
        }

        @Override
        public void together(Runnable all) {
            changes++;
            all.run();
        }
    }

    private static void program(BusDevice chip, int register, long value) {
        chip.write(0, 4, register);
        chip.write(0x10, 4, value);
    }

    private static void ioApic() throws StateException {
        Routes[] last = new Routes[1];
        IoApic restored = Snapshots.check(() -> {
            last[0] = new Routes();
            return new IoApic(last[0]);
        }, chip -> new BusDevice[] {chip}, chip -> {
            program(chip, 0x00, 0x0500_0000);
            program(chip, 0x10 + 2 * 4, 0x31);
            program(chip, 0x11 + 2 * 4, 0x0300_0000);
            program(chip, 0x10 + 2 * 23, 0x0980);
            program(chip, 0x11 + 2 * 23, 0xff02_0000L);
            program(chip, 0x10 + 2 * 5, 0x1_0040);
            chip.write(0, 4, 0x10 + 2 * 23);
        });
        assertEquals(Map.of(4, "fee03000/31", 23, "100feeff004/180"), last[0].routes);
        assertEquals(1, last[0].changes, "all at once");
        assertEquals(0x0980, restored.read(0x10, 4));
        restored.write(0, 4, 0);
        assertEquals(0x0500_0000, restored.read(0x10, 4));
        restored.write(0, 4, 0x10 + 2 * 5);
        assertEquals(0x1_0040, restored.read(0x10, 4));
    }
}
