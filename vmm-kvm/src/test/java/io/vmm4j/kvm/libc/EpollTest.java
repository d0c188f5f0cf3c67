package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.junit.jupiter.api.Test;

final class EpollTest {
    @Test
    void reportsTokenAndEventsOfEachReadyDescriptor() throws Exception {
        try (Epoll epoll = Epoll.create(); EventFd a = EventFd.create(); EventFd b = EventFd.create();
                EventFd idle = EventFd.create()) {
            epoll.add(a.fd(), Epoll.EPOLLIN, 0x1122_3344_5566_7788L);
            epoll.add(b.fd(), Epoll.EPOLLIN, -2);
            epoll.add(idle.fd(), Epoll.EPOLLIN, 3);
            a.signal();
            b.signal();
            assertEquals(2, epoll.await(1000));
            assertEquals(Set.of(0x1122_3344_5566_7788L, -2L), Set.of(epoll.token(0), epoll.token(1)));
            assertEquals(Epoll.EPOLLIN, epoll.events(0));
            assertEquals(Epoll.EPOLLIN, epoll.events(1));
        }
    }

    @Test
    void waitingWithoutEventsEndsWithTheTime() throws Exception {
        try (Epoll epoll = Epoll.create(); EventFd a = EventFd.create()) {
            epoll.add(a.fd(), Epoll.EPOLLIN, 1);
            assertEquals(0, epoll.await(1));
        }
    }

    @Test
    void modifyChangesTokenAndInterest() throws Exception {
        try (Epoll epoll = Epoll.create(); EventFd a = EventFd.create()) {
            epoll.add(a.fd(), Epoll.EPOLLIN, 1);
            epoll.modify(a.fd(), Epoll.EPOLLOUT, 2);
            a.signal();
            assertEquals(1, epoll.await(1000));
            assertEquals(2, epoll.token(0));
            assertEquals(Epoll.EPOLLOUT, epoll.events(0));
        }
    }

    @Test
    void removedDescriptorsAreSilent() throws Exception {
        try (Epoll epoll = Epoll.create(); EventFd a = EventFd.create()) {
            epoll.add(a.fd(), Epoll.EPOLLIN, 1);
            epoll.remove(a.fd());
            a.signal();
            assertEquals(0, epoll.await(0));
        }
    }

    @Test
    void moreThanTheCapacityComesInSeveralWaits() throws Exception {
        try (Epoll epoll = Epoll.create(1); EventFd a = EventFd.create(); EventFd b = EventFd.create()) {
            epoll.add(a.fd(), Epoll.EPOLLIN, 1);
            epoll.add(b.fd(), Epoll.EPOLLIN, 2);
            a.signal();
            b.signal();
            assertEquals(1, epoll.await(1000));
            long first = epoll.token(0);
            (first == 1 ? a : b).drain();
            assertEquals(1, epoll.await(1000));
            assertEquals(3 - first, epoll.token(0));
        }
    }

    @Test
    void addingTheSameDescriptorTwiceNamesCallAndReason() throws Exception {
        try (Epoll epoll = Epoll.create(); EventFd a = EventFd.create()) {
            epoll.add(a.fd(), Epoll.EPOLLIN, 1);
            LinuxException e = assertThrows(LinuxException.class, () -> epoll.add(a.fd(), Epoll.EPOLLIN, 1));
            assertEquals("epoll_ctl(ADD) of fd " + a.fd() + ": File exists (EEXIST)", e.getMessage());
        }
    }

    @Test
    void waitingInALoopAllocatesNothing() throws Exception {
        try (Epoll epoll = Epoll.create(); EventFd a = EventFd.create()) {
            epoll.add(a.fd(), Epoll.EPOLLIN, 1);
            long bytes = Allocations.ofLoop(20_000, () -> {
                a.signal();
                epoll.await(-1);
                assertTrue(epoll.token(0) == 1);
                a.drain();
            });
            assertTrue(bytes < 20_000, "20000 rounds allocated " + bytes + " bytes");
        }
    }
}
