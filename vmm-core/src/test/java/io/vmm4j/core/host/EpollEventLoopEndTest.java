package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a loop does with faults of what it runs, and how it ends. */
@Timeout(30)
class EpollEventLoopEndTest {

    private static final int ROUNDS = 100;

    private final BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    private EpollEventLoop loop;

    @BeforeEach
    void open() throws Exception {
        loop = new EpollEventLoop("loop-under-test", failures::add);
    }

    @AfterEach
    void close() {
        loop.close();
    }

    private void onLoop(EpollEventLoopTest.ThrowingRunnable work) throws Exception {
        EpollEventLoopTest.onLoop(loop, work);
    }

    @Test
    void whatATaskThrowsGoesToTheFailureHandlerAndTheLoopRunsOn() throws Exception {
        loop.start();
        RuntimeException fault = new IllegalStateException("fault");
        loop.execute(() -> {
            throw fault;
        });
        assertSame(fault, failures.poll(20, TimeUnit.SECONDS));
        onLoop(() -> assertTrue(loop.inLoop()));
    }

    @Test
    void aCheckedExceptionWhereNoneIsDeclaredEndsNoLoopEither() throws Exception {
        loop.start();
        Exception fault = new Exception("from a language that does not mind");
        loop.execute(() -> EpollEventLoopEndTest.<RuntimeException>sneak(fault));
        assertSame(fault, failures.poll(20, TimeUnit.SECONDS));
        onLoop(() -> loop.timer(() -> EpollEventLoopEndTest.<RuntimeException>sneak(fault)).arm(1));
        assertSame(fault, failures.poll(20, TimeUnit.SECONDS));
        onLoop(() -> assertTrue(loop.inLoop()));
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Test
    void aLoopThatIsBusyIsNotClosedUntilItHasTime() throws Exception {
        loop.start();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        AtomicBoolean ranLater = new AtomicBoolean();
        loop.execute(() -> {
            begun.countDown();
            try {
                end.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        loop.execute(() -> ranLater.set(true));
        begun.await();
        assertFalse(loop.closeWithin(1));
        assertThrows(RejectedExecutionException.class, () -> loop.execute(() -> { }), "it is closing");
        assertFalse(loop.closeWithin(0));
        end.countDown();
        loop.close();
        assertTrue(ranLater.get(), "what was queued has run");
        assertTrue(loop.closeWithin(0), "again");
    }

    @Test
    void closeRunsWhatIsQueuedAndRefusesWhatComesAfter() throws Exception {
        loop.start();
        AtomicInteger ran = new AtomicInteger();
        for (int i = 0; i < 100; i++) {
            loop.execute(ran::incrementAndGet);
        }
        loop.close();
        assertEquals(100, ran.get());
        assertThrows(RejectedExecutionException.class, () -> loop.execute(() -> { }));
    }

    @Test
    void whatIsTakenWhileTheLoopClosesIsRun() throws Exception {
        AtomicInteger taken = new AtomicInteger();
        AtomicInteger ran = new AtomicInteger();
        for (int round = 0; round < ROUNDS; round++) {
            EpollEventLoop closing = new EpollEventLoop("closing", failures::add);
            closing.start();
            List<Thread> givers = new ArrayList<>();
            CountDownLatch giving = new CountDownLatch(2);
            for (int i = 0; i < 2; i++) {
                Thread giver = new Thread(() -> {
                    giving.countDown();
                    while (isTaken(closing, ran::incrementAndGet)) {
                        taken.incrementAndGet();
                    }
                });
                givers.add(giver);
                giver.start();
            }
            giving.await();
            closing.close();
            for (Thread giver : givers) {
                giver.join();
            }
            // Who waits for a task that was taken, as a reset does, would wait for ever.
            assertEquals(taken.get(), ran.get(), "round " + round);
        }
    }

    private static boolean isTaken(EpollEventLoop loop, Runnable task) {
        try {
            loop.execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    @Test
    void aLoopThatWasNeverStartedCloses() {
        loop.close();
        loop.close();
        assertTrue(failures.isEmpty());
    }
}
