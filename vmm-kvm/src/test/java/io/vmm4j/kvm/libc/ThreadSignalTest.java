package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ThreadSignalTest {
    private static final int SYS_PRLIMIT64 = 302;
    private static final int RLIMIT_SIGPENDING = 11;
    private static final int RLIMIT_SIZE = 16;

    @Test
    void aKickEndsABlockingCallWithEintr() throws Exception {
        CompletableFuture<ThreadSignal.Target> target = new CompletableFuture<>();
        CompletableFuture<Integer> errno = new CompletableFuture<>();
        NativeStruct pollfd = NativeStruct.allocate(8);
        Thread thread = new Thread(() -> {
            target.complete(ThreadSignal.current());
            errno.complete(LibC.poll(pollfd, 0, 50_000) < 0 ? LibC.errno() : 0);
        });
        thread.start();
        // A kick before the thread is inside poll is lost, as it is for any system call; so kick until it is back.
        ThreadSignal.Target kicked = target.get(10, TimeUnit.SECONDS);
        while (!errno.isDone()) {
            assertTrue(kicked.kick() || errno.isDone(), "the kick was refused");
            thread.join(1);
        }
        assertEquals(Errno.EINTR, errno.get());
        thread.join();
    }

    @Test
    void aThreadThatInheritedTheSignalBlockedIsKickedAllTheSame() throws Exception {
        CompletableFuture<Integer> errno = new CompletableFuture<>();
        NativeStruct pollfd = NativeStruct.allocate(8);
        Thread thread = new Thread(() -> {
            // As in a process whose parent blocked it: the mask outlives exec and goes to every thread.
            assertEquals(0, ProcessCalls.sigprocmask(0, 1L << ThreadSignal.SIGNAL - 1));
            ThreadSignal.Target self = ThreadSignal.current();
            assertTrue(self.kick());
            Thread kicker = new Thread(() -> {
                while (!errno.isDone()) {
                    self.kick();
                    // Signals without a pause would leave the other thread no time of its own.
                    LockSupport.parkNanos(10_000_000);
                }
            });
            kicker.setDaemon(true);
            kicker.start();
            errno.complete(LibC.poll(pollfd, 0, 5_000) < 0 ? LibC.errno() : 0);
        });
        thread.start();
        assertEquals(Errno.EINTR, errno.get(20, TimeUnit.SECONDS));
        thread.join();
    }

    @Test
    void aKickArrivesWhereNoMoreSignalsMayWait() throws Exception {
        // 0 of the user's signals may wait: the kernel then refuses every real-time signal.
        NativeStruct before = NativeStruct.allocate(RLIMIT_SIZE);
        assertEquals(0, LibC.syscall(SYS_PRLIMIT64, before, 3, 0, RLIMIT_SIGPENDING, 0, 0));
        NativeStruct none = NativeStruct.allocate(RLIMIT_SIZE);
        none.bytes().putLong(8, before.bytes().getLong(8));
        assertEquals(0, LibC.syscall(SYS_PRLIMIT64, none, 2, 0, RLIMIT_SIGPENDING, 0, 0));
        try {
            aKickEndsABlockingCallWithEintr();
        } finally {
            assertEquals(0, LibC.syscall(SYS_PRLIMIT64, before, 2, 0, RLIMIT_SIGPENDING, 0, 0));
        }
    }

    @Test
    void kicksDoNoHarmToAThreadRunningJava() throws Exception {
        CompletableFuture<ThreadSignal.Target> target = new CompletableFuture<>();
        AtomicInteger rounds = new AtomicInteger();
        Thread thread = new Thread(() -> {
            target.complete(ThreadSignal.current());
            StringBuilder garbage = new StringBuilder();
            while (!Thread.currentThread().isInterrupted()) {
                garbage.append(new byte[1000].length);
                garbage.setLength(0);
                rounds.incrementAndGet();
            }
        });
        thread.start();
        ThreadSignal.Target kicked = target.get(10, TimeUnit.SECONDS);
        for (int i = 0; i < 1000; i++) {
            assertTrue(kicked.kick());
        }
        int seen = rounds.get();
        while (rounds.get() == seen) {
            assertFalse(Thread.currentThread().isInterrupted(), "waited in vain");
            Thread.yield();
        }
        thread.interrupt();
        thread.join();
    }

    @Test
    void kickingAnEndedThreadSaysSo() throws Exception {
        CompletableFuture<ThreadSignal.Target> target = new CompletableFuture<>();
        Thread thread = new Thread(() -> target.complete(ThreadSignal.current()));
        thread.start();
        thread.join();
        ThreadSignal.Target kicked = target.get();
        // join returns when the Java thread is over; its kernel thread may take a moment more to go.
        while (kicked.kick()) {
            assertFalse(Thread.currentThread().isInterrupted(), "waited in vain");
            Thread.yield();
        }
        assertFalse(kicked.kick());
    }
}
