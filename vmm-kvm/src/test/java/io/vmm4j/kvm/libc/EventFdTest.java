package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class EventFdTest {
    @Test
    void drainReturnsHowManySignalsCameAndStartsAtZeroAgain() throws Exception {
        try (EventFd event = EventFd.create()) {
            assertEquals(0, event.drain(), "nothing signalled yet");
            event.signal();
            event.signal();
            event.signal();
            assertEquals(3, event.drain());
            assertEquals(0, event.drain());
        }
    }

    @Test
    void signallingAClosedOneDoesNothing() throws Exception {
        EventFd event = EventFd.create();
        event.close();
        event.signal();
        assertEquals(0, event.drain());
        assertEquals(-1, event.fd());
    }

    @Test
    void secondCloseLeavesAnotherFileWithTheSameNumberAlone() throws Exception {
        EventFd first = EventFd.create();
        int number = first.fd();
        first.close();
        try (EventFd second = EventFd.create()) {
            assertEquals(number, second.fd(), "the kernel gives out the lowest free number");
            first.close();
            second.signal();
            assertEquals(1, second.drain());
        }
    }

    @Test
    @Timeout(60)
    void aSignalThatMeetsTheCloseWritesToNoFileThatGetsTheNumber() throws Exception {
        // More threads than CPUs, so that some are held up in the middle of a signal.
        for (int round = 0; round < 100; round++) {
            EventFd event = EventFd.create();
            List<Thread> signallers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                Thread signaller = new Thread(() -> {
                    while (event.fd() >= 0) {
                        event.signal();
                    }
                });
                signaller.start();
                signallers.add(signaller);
            }
            while (event.drain() == 0) {
                Thread.onSpinWait();
            }
            event.close();
            try (EventFd next = EventFd.create()) {
                for (Thread signaller : signallers) {
                    signaller.join();
                }
                assertEquals(0, next.drain(), "round " + round + ": a stranger's signal");
            }
        }
    }

    @Test
    void aFullCounterDoesNotBlockTheSignaller() throws Exception {
        try (EventFd event = EventFd.create()) {
            NativeStruct almostFull = NativeStruct.allocate(Long.BYTES);
            almostFull.bytes().putLong(0, 0xFFFF_FFFF_FFFF_FFFEL);
            assertEquals(Long.BYTES, LibC.write(event.fd(), almostFull.address(), Long.BYTES));
            event.signal();
            assertEquals(0xFFFF_FFFF_FFFF_FFFEL, event.drain());
        }
    }
}
