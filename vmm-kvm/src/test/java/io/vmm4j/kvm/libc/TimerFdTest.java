package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class TimerFdTest {
    @Test
    void expiresOnceNoEarlierThanTheDelay() throws Exception {
        try (TimerFd timer = TimerFd.create(); Epoll epoll = Epoll.create()) {
            epoll.add(timer.fd(), Epoll.EPOLLIN, 1);
            long start = System.nanoTime();
            timer.arm(5_000_000);
            assertEquals(0, timer.drain(), "not yet");
            assertEquals(1, epoll.await(10_000));
            assertTrue(System.nanoTime() - start >= 5_000_000, "came before its time");
            assertEquals(1, timer.drain());
            assertEquals(0, timer.drain());
        }
    }

    @Test
    void aDelayInThePastExpiresAtOnce() throws Exception {
        try (TimerFd timer = TimerFd.create(); Epoll epoll = Epoll.create()) {
            epoll.add(timer.fd(), Epoll.EPOLLIN, 1);
            timer.arm(-5);
            assertEquals(1, epoll.await(10_000));
        }
    }

    @Test
    void aDisarmedTimerForgetsItsExpiry() throws Exception {
        try (TimerFd timer = TimerFd.create(); Epoll epoll = Epoll.create()) {
            epoll.add(timer.fd(), Epoll.EPOLLIN, 1);
            timer.arm(0);
            assertEquals(1, epoll.await(10_000));
            timer.disarm();
            assertEquals(0, epoll.await(0));
            assertEquals(0, timer.drain());
        }
    }

    @Test
    void delaysBeyondASecondKeepTheirSeconds() throws Exception {
        try (TimerFd timer = TimerFd.create()) {
            timer.arm(86_400_000_000_123L);
            NativeStruct left = NativeStruct.allocate(32);
            // timerfd_gettime has no other use here, so that the number of the system call stands in the test.
            long seconds = timerfdGettime(timer, left);
            assertTrue(seconds >= 86_390 && seconds <= 86_400, "seconds left: " + seconds);
        }
    }

    private static long timerfdGettime(TimerFd timer, NativeStruct left) throws Exception {
        var syscall = LibC.class.getDeclaredMethod("syscall", long.class, long.class, long.class, long.class, long.class,
                long.class, long.class);
        syscall.setAccessible(true);
        assertEquals(0L, syscall.invoke(null, 287L, (long) timer.fd(), left.address(), 0L, 0L, 0L, 0L));
        return left.bytes().getLong(16);
    }
}
