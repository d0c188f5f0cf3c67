package io.vmm4j.devices.virtio.console;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.Hostile;
import io.vmm4j.devices.testing.VirtioRig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class VirtioConsoleTest {

    private static final long SIZE = 1;
    private static final long MULTIPORT = 1L << 1;
    private static final long EMERG_WRITE = 1L << 2;
    private static final long DATA = VirtioRig.DATA;
    private static final long CONTROL = VirtioRig.DATA + 0x10_0000;

    private final FakeConsole console = new FakeConsole();
    private final FakeConsole agent = new FakeConsole();
    private final Map<Integer, Long> controlBuffers = new HashMap<>();

    private VirtioRig<VirtioConsole> hvc0() {
        return new VirtioRig<>(loop -> new VirtioConsole(loop, ConsoleConfig.hvc0(80, 25), List.of(console)));
    }

    private VirtioRig<VirtioConsole> twoPorts() {
        ConsoleConfig config = new ConsoleConfig(80, 25, true,
            List.of(ConsolePortConfig.CONSOLE, new ConsolePortConfig("org.vmm4j.agent", false)));
        return new VirtioRig<>(loop -> new VirtioConsole(loop, config, List.of(console, agent)));
    }

    private VirtioRig<VirtioConsole> startedPorts() {
        VirtioRig<VirtioConsole> rig = twoPorts().start(SIZE | MULTIPORT, 16, 16, 16, 16, 16, 16);
        giveControlBuffers(rig, 8);
        return rig;
    }

    private void giveControlBuffers(VirtioRig<VirtioConsole> rig, int count) {
        for (int i = 0; i < count; i++) {
            giveControlBuffer(rig, CONTROL + 0x100 * i);
        }
        rig.kick(2);
    }

    private void giveControlBuffer(VirtioRig<?> rig, long gpa) {
        controlBuffers.put(rig.queue(2).add(Buffer.writable(gpa, 80)), gpa);
    }

    private static void print(VirtioRig<?> rig, int queue, String text) {
        GuestRam.put(rig.memory(), DATA, text);
        rig.queue(queue).add(Buffer.readable(DATA, text.length()));
        rig.kickIfNeeded(queue);
    }

    private static void tell(VirtioRig<?> rig, int id, int event, int value) {
        GuestRam.put(rig.memory(), DATA + 0x1000,
            ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(id).putShort((short) event).putShort((short) value).array());
        rig.queue(3).add(Buffer.readable(DATA + 0x1000, 8));
        rig.kickIfNeeded(3);
        assertNotNull(rig.queue(3).takeUsed());
    }

    /** The control messages that have come, as "id event value rest"; their buffers are made available again. */
    private List<String> told(VirtioRig<?> rig) {
        List<String> messages = new ArrayList<>();
        for (Used used = rig.queue(2).takeUsed(); used != null; used = rig.queue(2).takeUsed()) {
            long gpa = controlBuffers.remove(used.id());
            ByteBuffer bytes = ByteBuffer.wrap(GuestRam.get(rig.memory(), gpa, (int) used.length())).order(ByteOrder.LITTLE_ENDIAN);
            String text = bytes.getInt() + " " + bytes.getShort() + " " + bytes.getShort();
            while (bytes.hasRemaining()) {
                text += " " + bytes.get();
            }
            messages.add(text);
            giveControlBuffer(rig, gpa);
            rig.kickIfNeeded(2);
        }
        return messages;
    }

    // Registers

    @Test
    void theConfigurationIsLaidOutAsSpecified() {
        VirtioRig<VirtioConsole> rig = twoPorts();
        assertEquals(3, rig.driver().read(0x008));
        assertEquals(80, rig.driver().readConfig(0, 2), "cols");
        assertEquals(25, rig.driver().readConfig(2, 2), "rows");
        assertEquals(2, rig.driver().readConfig(4, 4), "max_nr_ports");
        for (int offset = 0; offset < 8; offset++) {
            rig.driver().writeConfig(offset, 1, 0xFF);
        }
        assertEquals(80, rig.driver().readConfig(0, 2), "read-only");
        assertEquals(2, rig.driver().readConfig(4, 4));
        assertEquals(0, rig.driver().readConfig(8, 4), "emerg_wr reads as zero");
    }

    @Test
    void offersMultiportOnlyWhenAsked() {
        assertEquals(SIZE | EMERG_WRITE, hvc0().deviceFeatures());
        assertEquals(SIZE | EMERG_WRITE | MULTIPORT, twoPorts().deviceFeatures());
    }

    @Test
    void hasTwoQueuesForOnePortAndSixForTwo() {
        VirtioRig<VirtioConsole> one = hvc0();
        VirtioRig<VirtioConsole> two = twoPorts();
        for (int i = 0; i < 7; i++) {
            one.driver().write(0x030, i);
            two.driver().write(0x030, i);
            assertEquals(i < 2 ? 64 : 0, one.driver().read(0x034), "queue " + i);
            assertEquals(i < 6 ? 64 : 0, two.driver().read(0x034), "queue " + i);
        }
    }

    @Test
    void anEmergencyWriteIsPrintedWithoutADriver() {
        VirtioRig<VirtioConsole> rig = hvc0();
        rig.driver().writeConfig(8, 4, 0xFFFFFF00L | 'O');
        rig.driver().writeConfig(8, 1, 'K');
        rig.loop().run();
        assertEquals("OK", console.output());
    }

    @Test
    void aFloodOfEmergencyWritesIsBounded() {
        VirtioRig<VirtioConsole> rig = hvc0();
        for (int i = 0; i < 100_000; i++) {
            rig.driver().writeConfig(8, 4, 'x');
        }
        assertEquals(1, rig.loop().pendingTasks());
        rig.loop().run();
        assertEquals(1024, console.output().length());
        rig.driver().writeConfig(8, 4, 'y');
        rig.loop().run();
        assertTrue(console.output().endsWith("y"));
    }

    // Output

    @Test
    void outputReachesTheHostInOrder() {
        VirtioRig<VirtioConsole> rig = hvc0().start(SIZE, 16, 16);
        print(rig, 1, "Hello, ");
        print(rig, 1, "world");
        assertEquals("Hello, world", console.output());
        assertEquals(0, rig.queue(1).takeUsed().length());
        assertEquals(0, rig.queue(1).takeUsed().length());
    }

    @Test
    void outputWaitsForRoomAndNothingIsLostOrTwice() {
        VirtioRig<VirtioConsole> rig = hvc0().start(SIZE, 16, 16);
        console.setRoom(3);
        print(rig, 1, "abcdef");
        print(rig, 1, "abcdef");
        assertEquals("abc", console.output());
        assertNull(rig.queue(1).takeUsed());
        console.notifyForNothing();
        rig.kick(1);
        assertEquals("abc", console.output());
        console.setRoom(5);
        assertEquals("abcdefab", console.output());
        assertNotNull(rig.queue(1).takeUsed());
        assertNull(rig.queue(1).takeUsed());
        console.setRoom(100);
        assertEquals("abcdefabcdef", console.output());
        assertNotNull(rig.queue(1).takeUsed());
        assertEquals(0, rig.device().droppedOutput(0));
    }

    @Test
    void aStuckReaderOfAConsoleHoldsTheGuestForASecondAndThenLosesOutput() {
        VirtioRig<VirtioConsole> rig = hvc0().start(SIZE, 16, 16);
        console.setRoom(2);
        print(rig, 1, "abcdef");
        rig.loop().advance(Duration.ofMillis(999));
        assertNull(rig.queue(1).takeUsed());
        rig.loop().advance(Duration.ofMillis(1));
        assertNotNull(rig.queue(1).takeUsed(), "a driver that spins must get its buffer back");
        assertEquals(4, rig.device().droppedOutput(0));
        print(rig, 1, "ghi");
        assertNotNull(rig.queue(1).takeUsed(), "without another wait");
        assertEquals(7, rig.device().droppedOutput(0));
        console.setRoom(100);
        print(rig, 1, "jkl");
        assertEquals("abjkl", console.output());
        assertEquals(0, rig.loop().armedTimers());
    }

    @Test
    void aSlowReaderLosesNothing() {
        VirtioRig<VirtioConsole> rig = hvc0().start(SIZE, 16, 16);
        console.setRoom(1);
        print(rig, 1, "abcdefgh");
        for (int i = 0; i < 10; i++) {
            rig.loop().advance(Duration.ofMillis(900));
            console.setRoom(1);
        }
        assertEquals("abcdefgh", console.output());
        assertEquals(0, rig.device().droppedOutput(0));
    }

    @Test
    void anEndlessBufferIsWrittenInTurns() {
        VirtioRig<VirtioConsole> rig = hvc0().start(SIZE, 16, 16);
        rig.queue(1).add(Buffer.readable(DATA, 0x20_0000));
        rig.kick(1);
        assertEquals(0x20_0000, console.outputBytes().length);
        assertTrue(console.largestWrite() <= 65_536, console.largestWrite() + " bytes at a time");
        assertNotNull(rig.queue(1).takeUsed());
    }

    // Input

    @Test
    void inputGoesIntoTheGuestsBuffers() {
        VirtioRig<VirtioConsole> rig = hvc0().start(SIZE, 16, 16);
        int first = rig.queue(0).add(Buffer.writable(DATA, 4));
        int second = rig.queue(0).add(Buffer.writable(DATA + 16, 2), Buffer.writable(DATA + 32, 8));
        rig.kick(0);
        console.type("abcdefg");
        rig.loop().run();
        assertEquals(new Used(first, 4), rig.queue(0).takeUsed());
        assertEquals(new Used(second, 3), rig.queue(0).takeUsed());
        assertEquals("abcd", new String(GuestRam.get(rig.memory(), DATA, 4), StandardCharsets.US_ASCII));
        assertEquals("ef", new String(GuestRam.get(rig.memory(), DATA + 16, 2), StandardCharsets.US_ASCII));
        assertEquals('g', GuestRam.get(rig.memory(), DATA + 32, 1)[0]);
    }

    @Test
    void inputWaitsOnTheHostsSideUntilTheGuestHasRoom() {
        VirtioRig<VirtioConsole> rig = hvc0();
        console.type("early");
        rig.start(SIZE, 16, 16);
        console.type(" and late");
        assertEquals(14, console.waitingInput());
        int reads = console.reads();
        console.notifyForNothing();
        assertEquals(reads, console.reads(), "nothing is read that has nowhere to go");
        rig.queue(0).add(Buffer.writable(DATA, 100));
        rig.kickIfNeeded(0);
        assertEquals(14, rig.queue(0).takeUsed().length());
        assertEquals("early and late", new String(GuestRam.get(rig.memory(), DATA, 14), StandardCharsets.US_ASCII));
    }

    @Test
    void aReceiveBufferWithoutRoomNeedsAReset() {
        VirtioRig<VirtioConsole> rig = hvc0().start(SIZE, 16, 16);
        rig.queue(0).add(Buffer.readable(DATA, 16));
        rig.kick(0);
        console.type("x");
        assertTrue(rig.needsReset());
        assertEquals(1, console.waitingInput(), "what was typed is still there");
    }

    // Size

    @Test
    void aNewSizeChangesTheConfiguration() {
        VirtioRig<VirtioConsole> rig = hvc0().start(SIZE, 16, 16);
        long generation = rig.driver().read(0x0fc);
        rig.device().setSize(132, 43);
        assertEquals(132, rig.driver().readConfig(0, 2));
        assertEquals(43, rig.driver().readConfig(2, 2));
        assertEquals(2, rig.driver().takeInterrupts());
        assertTrue(rig.driver().read(0x0fc) != generation);
        rig.device().setSize(132, 43);
        assertEquals(0, rig.driver().takeInterrupts(), "nothing changed");
        assertThrows(IllegalArgumentException.class, () -> rig.device().setSize(65_536, 1));
        VirtioRig<VirtioConsole> without = hvc0().start(0, 16, 16);
        without.device().setSize(1, 2);
        assertEquals(0, without.driver().takeInterrupts(), "SIZE was not accepted");
    }

    @Test
    void aConsoleOfSeveralPortsIsToldItsSizeInAMessage() {
        VirtioRig<VirtioConsole> rig = startedPorts();
        rig.device().setSize(132, 43);
        rig.loop().run();
        assertEquals(List.of(), told(rig), "not before the port is ready");
        tell(rig, 0, 0, 1);
        tell(rig, 0, 3, 1);
        assertTrue(told(rig).contains("0 5 0 -124 0 43 0"), "cols before rows");
        rig.device().setSize(100, 50);
        rig.loop().run();
        assertEquals(List.of("0 5 0 100 0 50 0"), told(rig));
    }

    // Ports

    @Test
    void portsAreAddedNamedAndOpenedAsTheDriverGetsReady() {
        VirtioRig<VirtioConsole> rig = startedPorts();
        assertEquals(List.of(), told(rig));
        tell(rig, 0xFFFFFFFF, 0, 1);
        assertEquals(List.of("0 1 0", "1 1 0"), told(rig));
        tell(rig, 0, 0, 1);
        assertEquals(List.of(), told(rig), "a port that exists is not added again");
        agent.connect(true);
        tell(rig, 0, 3, 1);
        assertEquals(List.of("0 4 1", "0 5 0 80 0 25 0"), told(rig));
        tell(rig, 1, 3, 1);
        String name = "1 7 0";
        for (byte octet : "org.vmm4j.agent".getBytes(StandardCharsets.US_ASCII)) {
            name += " " + octet;
        }
        assertEquals(List.of("1 6 1", name), told(rig));
        agent.connect(false);
        assertEquals(List.of("1 6 0"), told(rig));
        agent.connect(false);
        assertEquals(List.of(), told(rig));
    }

    @Test
    void aDriverThatFailsIsToldNothing() {
        VirtioRig<VirtioConsole> rig = startedPorts();
        tell(rig, 0, 0, 0);
        assertEquals(List.of(), told(rig));
        tell(rig, 0, 3, 0);
        assertEquals(List.of(), told(rig));
    }

    @Test
    void thePortOfTheGuestOpensAndCloses() {
        VirtioRig<VirtioConsole> rig = startedPorts();
        rig.queue(4).add(Buffer.writable(DATA + 0x2000, 100));
        rig.kick(4);
        agent.type("hello");
        assertNull(rig.queue(4).takeUsed(), "input waits until the guest has opened the port");
        tell(rig, 1, 6, 1);
        assertEquals(List.of(true), agent.opens());
        assertEquals(5, rig.queue(4).takeUsed().length());
        print(rig, 5, "answer");
        assertEquals("answer", agent.output());
        tell(rig, 1, 6, 0);
        tell(rig, 1, 6, 0);
        assertEquals(List.of(true, false), agent.opens());
        assertEquals(List.of(), console.opens());
    }

    @Test
    void aPortOfProgramsWaitsForItsReaderAsLongAsItTakes() {
        VirtioRig<VirtioConsole> rig = startedPorts();
        agent.setRoom(0);
        print(rig, 5, "abc");
        rig.loop().advance(Duration.ofMinutes(10));
        assertNull(rig.queue(5).takeUsed());
        agent.setRoom(10);
        assertEquals("abc", agent.output());
        assertEquals(0, rig.device().droppedOutput(1));
    }

    @Test
    void messagesWaitForBuffers() {
        VirtioRig<VirtioConsole> rig = twoPorts().start(MULTIPORT, 16, 16, 16, 16, 16, 16);
        tell(rig, 0, 0, 1);
        for (int i = 0; i < 1000; i++) {
            tell(rig, i % 2, 3, 1);
        }
        giveControlBuffer(rig, CONTROL);
        rig.kickIfNeeded(2);
        List<String> messages = told(rig);
        assertEquals(5, messages.size(), "each once, however often the driver asked: " + messages);
        assertEquals("0 1 0", messages.get(0));
    }

    @Test
    void messagesThatMakeNoSenseArePassedOver() {
        VirtioRig<VirtioConsole> rig = startedPorts();
        tell(rig, 2, 3, 1);
        tell(rig, -1, 6, 1);
        tell(rig, 0, 99, 1);
        tell(rig, 0, 2, 1);
        rig.queue(3).add(Buffer.readable(DATA, 7));
        rig.kick(3);
        assertEquals(List.of(), told(rig));
        assertFalse(rig.needsReset());
        assertEquals(List.of(), console.opens());
    }

    @Test
    void portZeroWorksForADriverWithoutMultiport() {
        VirtioRig<VirtioConsole> rig = twoPorts().start(SIZE, 16, 16);
        print(rig, 1, "ok");
        assertEquals("ok", console.output());
        assertEquals(List.of(true), console.opens());
    }

    @Test
    void badConfigurationsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new ConsoleConfig(80, 25, true, List.of()));
        assertThrows(IllegalArgumentException.class,
            () -> new ConsoleConfig(80, 25, false, List.of(ConsolePortConfig.CONSOLE, ConsolePortConfig.CONSOLE)));
        assertThrows(IllegalArgumentException.class, () -> ConsoleConfig.hvc0(-1, 25));
        assertThrows(IllegalArgumentException.class, () -> new ConsolePortConfig("x".repeat(65), false));
        assertThrows(IllegalArgumentException.class,
            () -> new VirtioRig<>(loop -> new VirtioConsole(loop, ConsoleConfig.hvc0(1, 1), List.of())));
    }

    // Resets

    @Test
    void aResetForgetsOutputThatWaitsAndTheDeviceStartsAgain() {
        VirtioRig<VirtioConsole> rig = hvc0().start(SIZE, 16, 16);
        console.setRoom(1);
        print(rig, 1, "abc");
        rig.driver().reset();
        assertEquals(0, rig.loop().armedTimers());
        assertEquals(List.of(true, false), console.opens());
        console.setRoom(100);
        assertEquals("a", console.output());
        rig.start(SIZE, 16, 16);
        print(rig, 1, "def");
        assertEquals("adef", console.output());
        assertEquals(List.of(true, false, true), console.opens());
    }

    @Test
    void aResetForgetsWhatTheDriverWasToBeTold() {
        VirtioRig<VirtioConsole> rig = twoPorts().start(MULTIPORT, 16, 16, 16, 16, 16, 16);
        tell(rig, 0, 0, 1);
        rig.driver().reset();
        rig.start(MULTIPORT, 16, 16, 16, 16, 16, 16);
        giveControlBuffers(rig, 2);
        assertEquals(List.of(), told(rig));
        tell(rig, 0, 0, 1);
        assertEquals(List.of("0 1 0", "1 1 0"), told(rig), "its ports are new to the new driver");
    }

    static List<Hostile.Attack> attacks() {
        return Hostile.all(VirtioRig.seed("VirtioConsoleTest attacks"));
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void survivesHostileDrivers(Hostile.Attack attack) {
        for (int queue = 0; queue < 2; queue++) {
            FakeConsole busy = new FakeConsole();
            VirtioRig.survive(attack, queue, loop -> new VirtioConsole(loop, ConsoleConfig.hvc0(80, 25), List.of(busy)), device -> {
                if (busy.waitingInput() < 8) {
                    busy.type("x");
                }
            });
        }
    }

    @Test
    void randomDriversNeitherEscapeNorDisturbTheOrderOfOutput() {
        Random random = new Random(VirtioRig.seed("VirtioConsoleTest"));
        for (int round = 0; round < 50; round++) {
            VirtioRig<VirtioConsole> rig = startedPorts();
            int[] outstanding = {0, 0, 8, 0, 0, 0};
            byte[] noise = new byte[256];
            for (int step = 0; step < 100 && !rig.needsReset(); step++) {
                int queue = random.nextInt(6);
                random.nextBytes(noise);
                noise[4] %= 9;
                noise[5] = 0;
                noise[0] &= 1;
                Arrays.fill(noise, 1, 4, (byte) 0);
                GuestRam.put(rig.memory(), DATA + 0x4000, noise);
                if (outstanding[queue] < 16) {
                    outstanding[queue]++;
                    rig.queue(queue).addIndirect(0xE_0000 + 0x20L * (step + 100 * queue), queue % 2 == 1
                        ? Buffer.readable(DATA + 0x4000, random.nextInt(200)) : Buffer.writable(DATA + 0x8000, 1 + random.nextInt(200)));
                }
                rig.kickIfNeeded(queue);
                FakeConsole host = random.nextBoolean() ? console : agent;
                switch (random.nextInt(5)) {
                    case 0 -> host.type("typed");
                    case 1 -> host.setRoom(random.nextInt(300));
                    case 2 -> host.connect(random.nextBoolean());
                    case 3 -> rig.device().setSize(random.nextInt(500), random.nextInt(500));
                    default -> rig.loop().advance(Duration.ofMillis(random.nextInt(1500)));
                }
                rig.loop().run();
                for (int i = 0; i < 6; i++) {
                    while (rig.queue(i).takeUsed() != null) {
                        outstanding[i]--;
                    }
                }
            }
            assertFalse(rig.needsReset());
            rig.driver().reset();
        }
    }

    // The console made for the serial port

    @Test
    void aConsoleMadeForTheSerialPortServesAsPortZero() {
        StringBuilder printed = new StringBuilder();
        long[] room = {100};
        BufferedConsole[] made = new BufferedConsole[1];
        int[] roomTold = new int[1];
        VirtioRig<VirtioConsole> rig = new VirtioRig<>(loop -> {
            made[0] = new BufferedConsole(loop, new SerialSink() {
                @Override
                public boolean hasRoom() {
                    return room[0] > 0;
                }

                @Override
                public void write(int octet) {
                    room[0]--;
                    printed.append((char) octet);
                }
            }, () -> roomTold[0]++, 8);
            assertEquals(3, made[0].receive("abc".getBytes(StandardCharsets.US_ASCII), 0, 3), "before there is a device");
            return new VirtioConsole(loop, ConsoleConfig.hvc0(80, 25), List.of(made[0]));
        });
        rig.start(SIZE, 16, 16);
        assertEquals(5, made[0].receive("0defghij".getBytes(StandardCharsets.US_ASCII), 1, 7), "the queue holds eight");
        assertEquals(0, made[0].inputRoom());
        rig.queue(0).add(Buffer.writable(DATA, 3));
        rig.kickIfNeeded(0);
        assertEquals(0, roomTold[0], "less than half is free");
        rig.queue(0).add(Buffer.writable(DATA + 3, 100));
        rig.kickIfNeeded(0);
        assertEquals(1, roomTold[0]);
        assertArrayEquals("abcdefgh".getBytes(StandardCharsets.US_ASCII), GuestRam.get(rig.memory(), DATA, 8));
        room[0] = 2;
        print(rig, 1, "xyz");
        assertEquals("xy", printed.toString());
        room[0] = 2;
        made[0].outputReady();
        rig.loop().run();
        assertEquals("xyz", printed.toString());
    }
}
