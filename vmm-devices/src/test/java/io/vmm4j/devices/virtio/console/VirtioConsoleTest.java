package io.vmm4j.devices.virtio.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Registers, output, input and size of the console device. */
final class VirtioConsoleTest extends ConsoleFixture {

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

    @Test
    void aSizeKnownFromTheStartIsToldAsAChangeBecauseLinuxReadsItOnlyThen() {
        assertEquals(2, hvc0().start(SIZE, 16, 16).driver().takeInterrupts());
        assertEquals(0, hvc0().start(0, 16, 16).driver().takeInterrupts(), "SIZE was not accepted");
        assertEquals(0, startedPorts().driver().takeInterrupts() & 2, "with MULTIPORT a message tells it");
        VirtioRig<VirtioConsole> unknown = hvc0();
        unknown.device().setSize(0, 0);
        assertEquals(0, unknown.start(SIZE, 16, 16).driver().takeInterrupts());
    }

    @Test
    void aNewSizeChangesTheConfiguration() {
        VirtioRig<VirtioConsole> rig = hvc0().start(SIZE, 16, 16);
        rig.driver().takeInterrupts();
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
}
