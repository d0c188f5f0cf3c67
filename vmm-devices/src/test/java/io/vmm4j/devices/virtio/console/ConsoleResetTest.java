package io.vmm4j.devices.virtio.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Resets of the console device, and drivers that follow no rule. */
final class ConsoleResetTest extends ConsoleFixture {

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

    @Test
    void outputThatWaitsIsLeftAloneOnceTheDriverHasTakenItsQueueBack() {
        VirtioRig<VirtioConsole> rig = hvc0().start(0, 16, 16);
        console.setRoom(0);
        print(rig, 1, "hello");
        rig.driver().write(0x030, 1);
        rig.driver().write(0x044, 0);
        assertEquals(0, rig.driver().read(0x044));
        console.setRoom(100);
        rig.loop().advance(Duration.ofSeconds(2));
        assertEquals("", console.output());
    }

    @Test
    void inputWaitsOnTheHostsSideOnceTheDriverHasTakenItsQueueBack() {
        VirtioRig<VirtioConsole> rig = hvc0().start(0, 16, 16);
        rig.queue(0).add(Buffer.writable(DATA, 16));
        rig.kick(0);
        rig.driver().write(0x030, 0);
        rig.driver().write(0x044, 0);
        assertEquals(0, rig.driver().read(0x044));
        console.type("x");
        assertEquals(1, console.waitingInput());
    }
}
