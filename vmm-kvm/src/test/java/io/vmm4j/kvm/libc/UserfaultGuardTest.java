package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class UserfaultGuardTest {

    private static final int PAGE = 4096;
    private static final int NEVER = 1_000_000_000;

    private List<UnixSocket> watched;
    /** Stands for a userfaultfd where only its descriptor matters. */
    private MemFd guarded;
    private int number;

    @BeforeEach
    void open() throws LinuxException {
        watched = UnixSocket.pair();
        guarded = MemFd.create("guarded", PAGE, 0);
        number = guarded.fd().value();
    }

    @AfterEach
    void close() {
        watched.forEach(UnixSocket::close);
        guarded.close();
    }

    private boolean isOpen() {
        try {
            Fd.duplicate(number).close();
            return true;
        } catch (LinuxException e) {
            return false;
        }
    }

    private CompletableFuture<Boolean> run(UserfaultGuard guard) {
        return CompletableFuture.supplyAsync(() -> guard.run(watched.get(0).fd(), 0));
    }

    @Test
    void theDescriptorIsClosedOnceTheOtherEndIsGone() throws Exception {
        try (UserfaultGuard guard = new UserfaultGuard(guarded.fd(), 0, PAGE, 1)) {
            CompletableFuture<Boolean> run = run(guard);
            watched.get(1).send(ByteBuffer.allocateDirect(1));
            assertTrue(isOpen(), "bytes are no hang-up");
            watched.get(1).close();
            assertTrue(run.get(20, TimeUnit.SECONDS));
            assertFalse(isOpen());
            assertEquals(-1, guarded.fd().value(), "its owner does not close what has got the number since");
        }
    }

    @Test
    void whoIsInTimeKeepsItOpen() throws Exception {
        try (UserfaultGuard guard = new UserfaultGuard(guarded.fd(), 0, PAGE, NEVER)) {
            CompletableFuture<Boolean> run = run(guard);
            watched.get(1).close();
            guard.stop();
            assertFalse(run.get(20, TimeUnit.SECONDS));
            assertTrue(isOpen());
        }
    }

    @Test
    void oneThatWasStoppedRunsAgainOnSomethingElse() throws Exception {
        List<UnixSocket> other = UnixSocket.pair();
        try (UserfaultGuard guard = new UserfaultGuard(guarded.fd(), 0, PAGE, 1)) {
            guard.stop();
            assertFalse(guard.run(watched.get(0).fd(), 0), "a stop that came before counts");
            other.get(1).send(ByteBuffer.allocateDirect(1));
            assertTrue(guard.run(other.get(0).fd(), Fd.POLLIN), "what is asked for is a hang-up too");
        } finally {
            other.forEach(UnixSocket::close);
        }
    }

    @Test
    void whoWaitsForAPageGoesOnAlsoWhenAnotherProcessHasTheDescriptorStill() throws Exception {
        try (Mapping memory = Mapping.anonymous(PAGE); Userfault userfault = userfault(); Fd others = Fd.duplicate(userfault.fd().value());
                UserfaultGuard guard = new UserfaultGuard(userfault, memory.address(), PAGE, 1)) {
            userfault.register(memory.address(), PAGE);
            CompletableFuture<Byte> seen = touch(memory.address());
            others.poll(Fd.POLLIN, -1);
            CompletableFuture<Boolean> run = run(guard);
            watched.get(1).close();
            assertEquals((byte) 0, seen.get(20, TimeUnit.SECONDS));
            assertTrue(run.get(20, TimeUnit.SECONDS));
        }
    }

    private static Userfault userfault() throws LinuxException {
        try {
            return Userfault.open(0);
        } catch (LinuxException e) {
            return abort("no userfaultfd: " + e.getMessage());
        }
    }

    /** Has the kernel read a page, in a thread that is in a system call meanwhile. */
    private static CompletableFuture<Byte> touch(long address) {
        return CompletableFuture.supplyAsync(() -> {
            try (MemFd sink = MemFd.create("sink", PAGE, 0)) {
                sink.fd().pwrite(address, 1, 0);
                NativeStruct one = NativeStruct.allocate(1);
                sink.fd().pread(one.address(), 1, 0);
                return one.bytes().get(0);
            } catch (LinuxException e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
