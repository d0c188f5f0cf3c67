package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class InputQueueTest {
    private static final int CAPACITY = 8192;

    private final RecordingPort port = new RecordingPort();

    @Test
    void aPasteLargerThanTheQueueReachesASlowGuestWhole() throws Exception {
        byte[] paste = new byte[20 * CAPACITY + 3];
        new Random(7).nextBytes(paste);
        port.holdBack();
        try (InputQueue queue = new InputQueue(port, CAPACITY)) {
            queue.start();
            Thread slowGuest = new Thread(() -> {
                for (int i = 0; i < paste.length; i++) {
                    port.allow(1);
                }
            });
            slowGuest.start();
            for (int at = 0; at < paste.length; at += 1000) {
                queue.put(paste, at, Math.min(1000, paste.length - at));
            }
            assertArrayEquals(paste, port.await(paste.length), "every byte, in order");
            slowGuest.join();
        }
    }

    @Test
    void closeLetsAWaitingReaderGo() throws Exception {
        port.holdBack();
        InputQueue queue = new InputQueue(port, CAPACITY);
        queue.start();
        CountDownLatch full = new CountDownLatch(1);
        Thread reader = new Thread(() -> {
            try {
                queue.put(new byte[CAPACITY], 0, CAPACITY);
                full.countDown();
                queue.put(new byte[3 * CAPACITY], 0, 3 * CAPACITY);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        reader.start();
        full.await();
        assertTrue(port.awaitHeld(), "the guest lets a send wait");
        queue.close();
        reader.join();
        assertTrue(port.awaitInterrupted(), "the sending thread is let go too");
        assertFalse(Thread.currentThread().isInterrupted(), "close interrupts nobody but its own thread");
        assertEquals(0, port.received().length, "the guest took nothing");
        queue.put(new byte[10], 0, 10);
        queue.close();
    }

    @Test
    void whoOffersIsNotMadeToWait() throws Exception {
        port.holdBack();
        try (InputQueue queue = new InputQueue(port, CAPACITY)) {
            queue.start();
            byte[] paste = new byte[3 * CAPACITY];
            new Random(8).nextBytes(paste);
            int first = queue.offer(paste, 0, paste.length);
            assertTrue(port.awaitHeld(), "the guest lets a send wait");
            // The sending thread may have taken a batch out before the queue was full, or after.
            int taken = first + queue.offer(paste, first, paste.length - first);
            assertTrue(taken > CAPACITY && taken < paste.length, () -> taken + " bytes taken");
            assertFalse(queue.isHalfEmpty());
            port.allow(taken);
            assertArrayEquals(Arrays.copyOf(paste, taken), port.await(taken), "what was taken arrives, in order");
            assertTrue(queue.isHalfEmpty());
        }
        InputQueue closed = new InputQueue(port, CAPACITY);
        closed.close();
        assertEquals(CAPACITY, closed.offer(new byte[CAPACITY], 0, CAPACITY), "nobody needs to try again");
    }

    @Test
    void aQueueNeverUsedClosesWithoutAThread() {
        InputQueue queue = new InputQueue(port, CAPACITY);
        queue.close();
        queue.close();
    }

    @Test
    void oneCanWaitUntilAllIsSentAndNotForEver() throws Exception {
        try (InputQueue queue = new InputQueue(port, CAPACITY)) {
            queue.start();
            assertTrue(queue.awaitSent(0));
            queue.offer(new byte[10], 0, 10);
            assertTrue(queue.awaitSent(20_000));
            assertEquals(10, port.await(10).length);
            port.holdBack();
            queue.offer(new byte[10], 0, 10);
            assertTrue(port.awaitHeld(), "the guest lets a send wait");
            assertFalse(queue.awaitSent(1));
            port.allow(10);
            assertTrue(queue.awaitSent(20_000));
        }
    }
}
