package io.vmm4j.devices.serial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.vmm4j.devices.testing.HostileRegisters;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A guest that does all it can: every offset, width and value, with input, breaks and back-pressure in between. */
class Serial16550HostileTest {

    private static final int ACCESSES = 300_000;

    @ParameterizedTest
    @EnumSource
    void nothingAGuestDoesThrowsOrHangsAndAllStaysInItsBounds(InputGate gate) {
        HostileRegisters guest = new HostileRegisters("Serial16550HostileTest " + gate);
        Uart uart = new Uart(gate, 64);
        byte[] input = new byte[100];
        Random random = guest.random();
        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            for (int i = 0; i < ACCESSES; i++) {
                guest.access(uart.device, 10);
                switch (random.nextInt(16)) {
                    case 0 -> uart.device.receive(input, 0, random.nextInt(input.length));
                    case 1 -> uart.device.sendBreak();
                    case 2 -> uart.sink.setRoom(random.nextInt(40));
                    case 3 -> uart.device.outputReady();
                    default -> {
                        // Most accesses follow one another.
                    }
                }
                int room = uart.device.inputRoom();
                assertTrue(room >= 0 && room <= 64, "room " + room);
            }
        });
        // Whatever state that left, a driver that sets the port up again finds it working.
        uart.sink.setRoom(Long.MAX_VALUE);
        uart.out(Uart.MCR, 0x0b);
        uart.out(Uart.LCR, 0x03);
        uart.out(Uart.IER, 0x00);
        uart.readAll();
        uart.out(Uart.FCR, 0x00);
        uart.out(Uart.FCR, 0x01);
        uart.out(Uart.FCR, 0x87);
        uart.in(Uart.MSR);
        assertEquals(0x60, uart.in(Uart.LSR) & 0x60, "seed " + guest.seed());
        assertEquals(2, uart.receive("ok"));
        assertEquals("ok", uart.readAll(), "seed " + guest.seed());
        assertEquals(0xc1, uart.in(Uart.IIR), "seed " + guest.seed());
    }

    @Test
    void anAccessAllocatesNothing() {
        int[] count = new int[2];
        SerialSink sink = new SerialSink() {
            @Override
            public boolean hasRoom() {
                return true;
            }

            @Override
            public void write(int octet) {
                count[0]++;
            }
        };
        Serial16550 uart = new Serial16550(() -> count[1]++, sink);
        uart.write(Uart.MCR, 1, 0x0b);
        uart.write(Uart.IER, 1, 0x07);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int accesses = 200_000;
        byte[] input = {'x'};
        use(uart, accesses, input);
        long before = threads.getCurrentThreadAllocatedBytes();
        use(uart, accesses, input);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < accesses, allocated + " bytes for " + accesses + " rounds");
        assertEquals(2 * accesses, count[0]);
    }

    private static void use(Serial16550 uart, int accesses, byte[] input) {
        for (int i = 0; i < accesses; i++) {
            uart.write(Uart.THR, 1, 'a');
            uart.receive(input, 0, 1);
            uart.read(Uart.IIR, 1);
            uart.read(Uart.LSR, 1);
            uart.read(Uart.RBR, 1);
        }
    }
}
