package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class UringTest {
    private static final int ENTRIES = 8;

    @TempDir
    Path directory;

    private Uring ring;
    private Fd file;
    /** What the kernel has only addresses of, so that the garbage collector leaves it alone. */
    private final List<Object> inUse = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        file = Fd.open(directory.resolve("f"), Fd.O_RDWR | Fd.O_CREAT);
        try {
            ring = Uring.create(ENTRIES);
        } catch (LinuxException e) {
            file.close();
            assumeTrue(e.errno() != Errno.ENOSYS && e.errno() != Errno.EPERM, "no io_uring on this host: " + e.getMessage());
            throw e;
        }
    }

    @AfterEach
    void close() {
        if (ring != null) {
            ring.close();
            ring.close();
        }
        file.close();
    }

    private IoVec vector(int... lengths) {
        IoVec vector = new IoVec(lengths.length);
        inUse.add(vector);
        for (int length : lengths) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(length);
            inUse.add(buffer);
            vector.add(buffer);
        }
        return vector;
    }

    private int awaitOne() throws Exception {
        ring.submitAndWait();
        assertTrue(ring.takeEnded());
        return ring.endedResult();
    }

    @Test
    void whatIsWrittenIsReadAgain() throws Exception {
        ByteBuffer source = ByteBuffer.allocateDirect(4096);
        for (int i = 0; i < 512; i++) {
            source.putLong(8 * i, 0x0101_0101_0101_0101L * i);
        }
        IoVec out = new IoVec(2);
        out.add(source, 0, 1000);
        out.add(source, 1000, 3096);
        ring.write(file, out, 512, 77);
        assertEquals(4096, awaitOne());
        assertEquals(77, ring.endedUserData());
        ByteBuffer target = ByteBuffer.allocateDirect(4096);
        IoVec in = new IoVec(1);
        in.add(target);
        ring.read(file, in, 512, -1);
        assertEquals(4096, awaitOne());
        assertEquals(-1, ring.endedUserData());
        assertEquals(source, target);
        ring.dataSync(file, 3);
        assertEquals(0, awaitOne());
        assertEquals(4608, Files.size(directory.resolve("f")));
    }

    @Test
    void asManyOperationsAsThereAreEntriesEndInAnyOrder() throws Exception {
        file.truncate(1 << 20);
        for (int round = 0; round < 1000; round++) {
            BitSet ended = new BitSet();
            for (int i = 0; i < ENTRIES; i++) {
                ring.read(file, vector(512), 512L * i, i);
            }
            assertThrows(IllegalStateException.class, () -> ring.dataSync(file, 99));
            ring.submit();
            while (ring.inFlight() > 0) {
                ring.submitAndWait();
                while (ring.takeEnded()) {
                    assertEquals(512, ring.endedResult());
                    assertFalse(ended.get((int) ring.endedUserData()), "ended twice");
                    ended.set((int) ring.endedUserData());
                }
            }
            inUse.clear();
            assertEquals(ENTRIES, ended.cardinality());
        }
    }

    @Test
    void failuresAreNegatedErrnosAndTheEndOfTheFileIsShort() throws Exception {
        file.truncate(700);
        ring.read(file, vector(512), 512, 1);
        assertEquals(188, awaitOne());
        ring.read(file, vector(512), 1024, 2);
        assertEquals(0, awaitOne());
        try (Fd reader = Fd.open(directory.resolve("f"), Fd.O_RDONLY)) {
            ring.write(reader, vector(512), 0, 3);
            assertEquals(-Errno.EBADF, awaitOne());
        }
        ring.read(file, vector(512), 0, 4);
        assertEquals(512, awaitOne(), "one failure does not touch the next");
    }

    @Test
    void theEventfdIsSignalledWhenAnOperationHasEnded() throws Exception {
        file.truncate(4096);
        try (EventFd wake = EventFd.create(); Epoll epoll = Epoll.create()) {
            ring.signal(wake);
            epoll.add(wake.fd(), Epoll.EPOLLIN, 1);
            assertEquals(0, epoll.await(0));
            ring.read(file, vector(4096), 0, 5);
            assertEquals(0, epoll.await(0), "not asked for yet");
            ring.submit();
            while (epoll.await(-1) == 0) {
                continue; // a signal came first
            }
            assertTrue(wake.drain() > 0);
            assertTrue(ring.takeEnded());
            assertFalse(ring.takeEnded());
        }
    }

    @Test
    void waitingForNothingReturnsAtOnce() throws Exception {
        ring.submitAndWait();
        assertFalse(ring.takeEnded());
    }

    @Test
    void whatWasNotBegunCanBeTakenBack() throws Exception {
        file.truncate(4096);
        ring.read(file, vector(512), 0, 1);
        ring.submit();
        ring.read(file, vector(512), 0, 2);
        ring.read(file, vector(512), 0, 3);
        assertTrue(ring.takeBack());
        assertEquals(3, ring.endedUserData());
        assertTrue(ring.takeBack());
        assertEquals(2, ring.endedUserData());
        assertFalse(ring.takeBack(), "the kernel has the first");
        ring.read(file, vector(1024), 0, 4);
        int sum = awaitOne() + awaitOne();
        assertEquals(512 + 1024, sum);
        assertEquals(0, ring.inFlight());
    }

    @Test
    void aRingWithoutEntriesIsRefusedByTheKernel() {
        LinuxException refused = assertThrows(LinuxException.class, () -> Uring.create(0));
        assertEquals("io_uring_setup: Invalid argument (EINVAL)", refused.getMessage());
    }
}
