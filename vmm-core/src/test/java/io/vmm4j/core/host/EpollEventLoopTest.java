package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.kvm.libc.EventFd;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class EpollEventLoopTest {

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

    private void onLoop(ThrowingRunnable work) throws Exception {
        onLoop(loop, work);
    }

    /** Runs {@code work} on the loop and waits for it. */
    static void onLoop(EpollEventLoop loop, ThrowingRunnable work) throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        List<Throwable> thrown = Collections.synchronizedList(new ArrayList<>());
        loop.execute(() -> {
            try {
                work.run();
            } catch (Throwable e) {
                thrown.add(e);
            }
            done.countDown();
        });
        assertTrue(done.await(20, TimeUnit.SECONDS), "the loop did not run the task");
        assertEquals(List.of(), thrown);
    }

    /** What may fail. */
    interface ThrowingRunnable {
        void run() throws Exception;
    }

    @Test
    void tasksRunOnTheLoopInTheOrderGiven() throws Exception {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            int number = i;
            loop.execute(() -> order.add(number));
        }
        assertFalse(loop.inLoop());
        loop.start();
        onLoop(() -> {
            assertTrue(loop.inLoop());
            for (int i = 0; i < 1000; i++) {
                assertEquals(i, order.get(i));
            }
        });
    }

    @Test
    void aTaskGivenFromTheLoopRunsAfterTheCurrentOne() throws Exception {
        loop.start();
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch done = new CountDownLatch(1);
        loop.execute(() -> {
            loop.execute(() -> {
                order.add("inner");
                done.countDown();
            });
            order.add("outer");
        });
        assertTrue(done.await(20, TimeUnit.SECONDS));
        assertEquals(List.of("outer", "inner"), order);
    }

    @Test
    void noTaskIsLostWhenManyThreadsGiveThem() throws Exception {
        loop.start();
        AtomicInteger ran = new AtomicInteger();
        List<Thread> givers = new ArrayList<>();
        CountDownLatch all = new CountDownLatch(4 * 5000);
        for (int t = 0; t < 4; t++) {
            Thread giver = new Thread(() -> {
                for (int i = 0; i < 5000; i++) {
                    loop.execute(() -> {
                        ran.incrementAndGet();
                        all.countDown();
                    });
                }
            });
            givers.add(giver);
            giver.start();
        }
        assertTrue(all.await(20, TimeUnit.SECONDS), () -> ran + " of 20000 tasks ran");
        for (Thread giver : givers) {
            giver.join();
        }
    }

    @Test
    void aSignalledEventFdRunsItsWatchAndIsDrained() throws Exception {
        try (EventFd event = EventFd.create()) {
            BlockingQueue<String> seen = new LinkedBlockingQueue<>();
            loop.watch(event, () -> seen.add("signal"));
            loop.start();
            event.signal();
            assertEquals("signal", seen.poll(20, TimeUnit.SECONDS));
            onLoop(() -> assertEquals(0, event.drain(), "the loop takes the count"));
            event.signal();
            assertEquals("signal", seen.poll(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void aTimerExpiresOnceAndADisarmedOneNever() throws Exception {
        BlockingQueue<String> expired = new LinkedBlockingQueue<>();
        LoopTimer first = loop.timer(() -> expired.add("first"));
        LoopTimer disarmed = loop.timer(() -> expired.add("disarmed"));
        loop.start();
        onLoop(() -> {
            disarmed.arm(1);
            disarmed.disarm();
            first.arm(5_000_000);
        });
        assertEquals("first", expired.poll(20, TimeUnit.SECONDS));
        onLoop(() -> first.arm(0));
        assertEquals("first", expired.poll(20, TimeUnit.SECONDS));
        assertTrue(expired.isEmpty());
        onLoop(() -> {
            first.close();
            first.close();
            disarmed.close();
        });
    }

    @Test
    void anExpiryThatWasReportedWhenTheTimerWasArmedAnewIsVoid() throws Exception {
        try (EventFd event = EventFd.create()) {
            AtomicInteger expiries = new AtomicInteger();
            LoopTimer timer = loop.timer(expiries::incrementAndGet);
            // Reported before the timer, being signalled before that expires.
            loop.watch(event, () -> timer.arm(TimeUnit.HOURS.toNanos(1)));
            loop.start();
            onLoop(() -> {
                event.signal();
                timer.arm(1);
                // Held up until the timer has expired as well.
                long late = System.nanoTime() + 5_000_000;
                while (System.nanoTime() - late < 0) {
                    Thread.onSpinWait();
                }
            });
            onLoop(() -> { });
            onLoop(() -> assertEquals(0, expiries.get(), "an hour too early"));
        }
    }

    @Test
    void aTimerAsksTheHostForNothing() throws Exception {
        loop.start();
        onLoop(() -> {
            long before = timerDescriptors();
            List<LoopTimer> timers = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                timers.add(loop.timer(() -> { }));
                timers.get(i).arm(TimeUnit.HOURS.toNanos(1));
            }
            assertEquals(before, timerDescriptors(), "whoever needs a timer later shall not go without for want of a descriptor");
            timers.forEach(LoopTimer::close);
        });
    }

    private static long timerDescriptors() throws IOException {
        long count = 0;
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors) {
                count += Files.exists(descriptor, LinkOption.NOFOLLOW_LINKS) && Files.readSymbolicLink(descriptor).toString().contains("timerfd") ? 1 : 0;
            }
        }
        return count;
    }

    @Test
    void manyTimersEachExpireOnceAndNotTooEarlyUnlessDisarmed() throws Exception {
        Random random = new Random(11);
        CountDownLatch expiries = new CountDownLatch(150);
        List<String> faults = Collections.synchronizedList(new ArrayList<>());
        loop.start();
        onLoop(() -> {
            List<LoopTimer> timers = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                boolean isWanted = i % 4 > 0;
                long delayNanos = random.nextInt(20_000_000);
                long dueNanos = System.nanoTime() + delayNanos;
                AtomicBoolean isExpired = new AtomicBoolean();
                LoopTimer timer = loop.timer(() -> {
                    if (!isWanted || System.nanoTime() - dueNanos < 0 || isExpired.getAndSet(true)) {
                        faults.add(isWanted + ", too early by " + (dueNanos - System.nanoTime()) + ", twice " + isExpired);
                    }
                    expiries.countDown();
                });
                timer.arm(random.nextInt(5_000_000));
                timer.arm(delayNanos);
                timers.add(timer);
            }
            for (int i = 0; i < 200; i += 4) {
                timers.get(i).disarm();
            }
        });
        assertTrue(expiries.await(20, TimeUnit.SECONDS), expiries.getCount() + " timers have not expired");
        assertEquals(List.of(), faults);
    }

    @Test
    void whatATimerThrowsKeepsNoOtherFromExpiring() throws Exception {
        BlockingQueue<String> expired = new LinkedBlockingQueue<>();
        RuntimeException fault = new IllegalStateException("fault");
        LoopTimer bad = loop.timer(() -> {
            throw fault;
        });
        LoopTimer good = loop.timer(() -> expired.add("good"));
        loop.start();
        onLoop(() -> {
            bad.arm(1);
            good.arm(1);
        });
        assertSame(fault, failures.poll(20, TimeUnit.SECONDS));
        assertEquals("good", expired.poll(20, TimeUnit.SECONDS));
        onLoop(() -> good.arm(1));
        assertEquals("good", expired.poll(20, TimeUnit.SECONDS));
    }

    @Test
    void aTimerThatAlwaysArmsItselfStarvesNobody() throws Exception {
        AtomicInteger expiries = new AtomicInteger();
        List<LoopTimer> self = new ArrayList<>();
        self.add(loop.timer(() -> {
            expiries.incrementAndGet();
            self.get(0).arm(0);
        }));
        BlockingQueue<String> other = new LinkedBlockingQueue<>();
        LoopTimer timer = loop.timer(() -> other.add("other"));
        loop.start();
        onLoop(() -> {
            self.get(0).arm(0);
            timer.arm(1_000_000);
        });
        assertEquals("other", other.poll(20, TimeUnit.SECONDS));
        onLoop(() -> assertTrue(expiries.get() > 0));
        onLoop(() -> self.get(0).close());
    }

    @Test
    void aTimerOutlivesItsLoopWithoutHarm() {
        LoopTimer timer = loop.timer(() -> { });
        timer.arm(1);
        loop.close();
        timer.arm(1);
        timer.close();
        assertTrue(failures.isEmpty());
    }

    @Test
    void aTaskThatAlwaysComesAgainStarvesNoDescriptor() throws Exception {
        try (EventFd event = EventFd.create()) {
            AtomicBoolean isSeen = new AtomicBoolean();
            CountDownLatch done = new CountDownLatch(1);
            Runnable again = new Runnable() {
                @Override
                public void run() {
                    if (isSeen.get()) {
                        done.countDown();
                    } else {
                        loop.execute(this);
                    }
                }
            };
            loop.watch(event, () -> isSeen.set(true));
            loop.start();
            loop.execute(again);
            event.signal();
            boolean isServed = done.await(20, TimeUnit.SECONDS);
            isSeen.set(true);
            assertTrue(isServed, "the descriptor had its turn");
        }
    }

    @Test
    void anEndedRegistrationHearsNothingNotEvenWhatWasReportedWithIt() throws Exception {
        try (EventFd first = EventFd.create(); EventFd second = EventFd.create()) {
            List<EpollEventLoop.Registration> registrations = new ArrayList<>();
            AtomicInteger ran = new AtomicInteger();
            Runnable endBoth = () -> {
                ran.incrementAndGet();
                registrations.forEach(EpollEventLoop.Registration::close);
            };
            registrations.add(loop.watch(first, endBoth));
            registrations.add(loop.watch(second, endBoth));
            first.signal();
            second.signal();
            loop.start();
            onLoop(() -> { });
            onLoop(() -> { });
            assertEquals(1, ran.get(), "whichever came first has ended the other");
        }
    }

    @Test
    void registrationsComeAndGoWithoutAnEnd() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        loop.start();
        for (int i = 0; i < 1000; i++) {
            try (EventFd event = EventFd.create()) {
                String name = "event " + i;
                List<EpollEventLoop.Registration> registration = new ArrayList<>();
                onLoop(() -> registration.add(loop.watch(event, () -> seen.add(name))));
                event.signal();
                assertEquals(name, seen.poll(20, TimeUnit.SECONDS), "the watch that was added last");
                onLoop(() -> registration.get(0).close());
            }
        }
        assertTrue(failures.isEmpty());
    }
}
