package io.vmm4j.devices.virtio.console;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Several ports, and the messages about them, virtio 1.2 section 5.3.6. */
final class ConsolePortsTest extends ConsoleFixture {

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
