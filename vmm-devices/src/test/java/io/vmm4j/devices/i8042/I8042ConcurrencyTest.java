package io.vmm4j.devices.i8042;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A control thread types while a vCPU reads one byte an interrupt. */
class I8042ConcurrencyTest {

    private static final int ROUNDS = 2_000;
    private static final int SECONDS = 60;

    @Test
    void eachByteHasItsEdgeAndKeystrokesComeWhole() throws Exception {
        Semaphore edges = new Semaphore(0);
        Semaphore mayType = new Semaphore(1);
        I8042 device = new I8042(edges::release, () -> { });
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try {
            Future<?> control = threads.submit(() -> {
                for (int round = 0; round < ROUNDS; round++) {
                    assertTrue(mayType.tryAcquire(SECONDS, TimeUnit.SECONDS), "the guest went quiet");
                    assertTrue(device.sendCtrlAltDel());
                }
                return null;
            });
            int[] expected = {0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d};
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < expected.length; i++) {
                    assertTrue(edges.tryAcquire(SECONDS, TimeUnit.SECONDS), "an edge was lost");
                    assertEquals(0x01, device.commandPort().read(0, 1) & 0x01);
                    assertEquals(expected[i], device.dataPort().read(0, 1));
                }
                mayType.release();
            }
            control.get(SECONDS, TimeUnit.SECONDS);
        } finally {
            threads.shutdownNow();
        }
        assertEquals(0, edges.availablePermits(), "no edge without a byte");
    }
}
