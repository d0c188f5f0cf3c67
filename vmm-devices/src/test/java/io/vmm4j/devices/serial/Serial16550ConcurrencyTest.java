package io.vmm4j.devices.serial;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Host threads and a vCPU at once. The vCPU sleeps until the interrupt controller has latched an edge, as a guest would:
 * were an edge or a call of the listener ever lost, these tests would not end.
 */
class Serial16550ConcurrencyTest {

    private static final int AMOUNT = 60_000;
    private static final int SECONDS = 60;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    /** One latched edge at most, as in an interrupt controller's request register. */
    private final Semaphore latchedEdge = new Semaphore(0);
    private final AtomicBoolean latched = new AtomicBoolean();

    @AfterEach
    void stopThreads() throws InterruptedException {
        threads.shutdownNow();
        assertTrue(threads.awaitTermination(SECONDS, TimeUnit.SECONDS), "all threads ended");
    }

    private void latchEdge() {
        if (latched.compareAndSet(false, true)) {
            latchedEdge.release();
        }
    }

    private void awaitEdge() throws InterruptedException {
        assertTrue(latchedEdge.tryAcquire(SECONDS, TimeUnit.SECONDS), "an edge was lost");
        latched.set(false);
    }

    private static byte[] pattern() {
        byte[] data = new byte[AMOUNT];
        for (int i = 0; i < AMOUNT; i++) {
            data[i] = (byte) (i * 31 >> 3);
        }
        return data;
    }

    @ParameterizedTest(name = "FCR {0}, drains {1}")
    @CsvSource({"0x01, true", "0x81, true", "0xc1, true", "0x00, true", "0x00, false"})
    void inputArrivesWholeAtAGuestThatSleepsBetweenInterrupts(String fifoControl, boolean drains) throws Exception {
        Semaphore room = new Semaphore(0);
        Serial16550 uart = new Serial16550(this::latchEdge, new LineSplitter(line -> { }), room::release, InputGate.ALWAYS, 256);
        uart.write(Uart.MCR, 1, 0x0b);
        uart.write(Uart.FCR, 1, Integer.decode(fifoControl));
        uart.write(Uart.IER, 1, 0x05);
        byte[] sent = pattern();
        Future<?> host = threads.submit(() -> {
            for (int given = 0; given < AMOUNT;) {
                int length = Math.min(1000, AMOUNT - given);
                int taken = uart.receive(sent, given, length);
                given += taken;
                if (taken < length) {
                    assertTrue(room.tryAcquire(SECONDS, TimeUnit.SECONDS), "the call of the listener was lost");
                }
            }
            return null;
        });
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        while (received.size() < AMOUNT) {
            awaitEdge();
            serveInput(uart, received, drains);
        }
        host.get(SECONDS, TimeUnit.SECONDS);
        assertArrayEquals(sent, received.toByteArray());
    }

    /** Either until nothing waits, or one character an interrupt. */
    private static void serveInput(Serial16550 uart, ByteArrayOutputStream received, boolean drains) {
        do {
            if ((uart.read(Uart.IIR, 1) & 0x01) != 0) {
                return;
            }
            uart.read(Uart.LSR, 1);
            received.write((int) uart.read(Uart.RBR, 1));
        } while (drains);
    }

    @Test
    void outputThroughASlowReaderArrivesWhole() throws Exception {
        BoundedSink sink = new BoundedSink(100);
        Serial16550 uart = new Serial16550(this::latchEdge, sink);
        uart.write(Uart.MCR, 1, 0x0b);
        uart.write(Uart.FCR, 1, 0x01);
        byte[] sent = pattern();
        ByteArrayOutputStream arrived = new ByteArrayOutputStream();
        Future<?> reader = threads.submit(() -> {
            while (arrived.size() < AMOUNT) {
                sink.drainTo(arrived);
                uart.outputReady();
            }
            return null;
        });
        uart.write(Uart.IER, 1, 0x02);
        int written = 0;
        while (written < AMOUNT) {
            awaitEdge();
            while (written < AMOUNT && (uart.read(Uart.IIR, 1) & 0x0f) == 0x02) {
                for (int i = 0; i < 16 && written < AMOUNT; i++) {
                    uart.write(Uart.THR, 1, sent[written++] & 0xff);
                }
            }
        }
        reader.get(SECONDS, TimeUnit.SECONDS);
        assertArrayEquals(sent, arrived.toByteArray());
        assertEquals(0, uart.droppedOutput());
    }

    /** A sink with a lock of its own, which the UART takes under its lock and the reader without. */
    private static final class BoundedSink implements SerialSink {

        private final byte[] held;
        private int count;

        BoundedSink(int capacity) {
            held = new byte[capacity];
        }

        @Override
        public synchronized boolean hasRoom() {
            return count < held.length;
        }

        @Override
        public synchronized void write(int octet) {
            held[count++] = (byte) octet;
            notifyAll();
        }

        synchronized void drainTo(ByteArrayOutputStream out) throws InterruptedException {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (count == 0) {
                long leftMillis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                assertTrue(leftMillis > 0, "output stopped: the THR empty interrupt was lost");
                wait(leftMillis);
            }
            out.write(held, 0, count);
            count = 0;
        }
    }
}
