package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.kvm.libc.EventFd;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A loop that is held, as while a guest is paused. */
@Timeout(60)
class EpollLoopHoldTest {

    private static final long LONG = TimeUnit.SECONDS.toNanos(30);

    private final BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> ran = new LinkedBlockingQueue<>();
    private EpollEventLoop loop;
    private EventFd signal;

    @BeforeEach
    void start() throws Exception {
        loop = new EpollEventLoop("loop-under-test", failures::add);
        signal = EventFd.create();
        loop.watch(signal, () -> ran.add("watch"));
        loop.start();
    }

    @AfterEach
    void close() {
        loop.close();
        signal.close();
        assertEquals(List.of(), List.copyOf(failures));
    }

    private void hold() {
        loop.hold();
        assertTrue(loop.awaitHeld(LONG));
    }

    private String next() throws InterruptedException {
        return ran.poll(30, TimeUnit.SECONDS);
    }

    /** Two commands one after the other: what the loop could have run besides, it would have by then. */
    private void runCommands() throws InterruptedException {
        for (int i = 0; i < 2; i++) {
            CountDownLatch done = new CountDownLatch(1);
            loop.executeCommand(done::countDown);
            assertTrue(done.await(30, TimeUnit.SECONDS), "a held loop runs commands");
        }
    }

    @Test
    void aHeldLoopRunsCommandsOnlyAndLosesNothing() throws Exception {
        CountDownLatch armed = new CountDownLatch(1);
        LoopTimer timer = loop.timer(() -> ran.add("timer"));
        hold();
        loop.executeCommand(() -> {
            timer.arm(0);
            armed.countDown();
        });
        assertTrue(armed.await(30, TimeUnit.SECONDS));
        signal.signal();
        loop.execute(() -> ran.add("task"));
        runCommands();
        assertEquals(List.of(), List.copyOf(ran));
        loop.goOn();
        assertEquals(List.of("task", "timer", "watch"), List.of(next(), next(), next()).stream().sorted().toList());
        signal.signal();
        assertEquals("watch", next());
    }

    @Test
    void aCommandOfALoopThatIsNotHeldIsATask() throws Exception {
        loop.executeCommand(() -> ran.add(loop.inLoop() ? "command" : "elsewhere"));
        assertEquals("command", next());
    }

    @Test
    void aHoldOnTheHeelsOfAnotherIsOneAndSoIsItsEnd() throws Exception {
        for (int round = 0; round < 2000; round++) {
            hold();
            loop.goOn();
            hold();
            loop.execute(() -> ran.add("task"));
            assertEquals(null, ran.poll(), "round " + round);
            loop.goOn();
            assertEquals("task", next(), "round " + round);
        }
    }

    @Test
    void aBusyLoopIsNotTakenForOneThatStandsStill() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch inTask = new CountDownLatch(1);
        loop.execute(() -> {
            inTask.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        inTask.await();
        loop.hold();
        assertFalse(loop.awaitHeld(TimeUnit.MILLISECONDS.toNanos(20)));
        loop.goOn();
        release.countDown();
        loop.execute(() -> ran.add("task"));
        assertEquals("task", next());
    }

    @Test
    void aHeldLoopIsClosedAndRunsWhatItWasGiven() {
        hold();
        loop.execute(() -> ran.add("task"));
        loop.close();
        assertEquals("task", ran.poll());
        loop.hold();
        assertTrue(loop.awaitHeld(LONG), "it touches nothing any more");
    }

    @Test
    void anInterruptDoesNotWakeAHeldLoop() throws Exception {
        hold();
        loop.execute(() -> ran.add("task"));
        loop.worker().thread().interrupt();
        runCommands();
        assertEquals(null, ran.poll());
        assertTrue(loop.awaitHeld(LONG));
    }
}
