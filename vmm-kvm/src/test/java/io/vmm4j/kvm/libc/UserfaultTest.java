package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class UserfaultTest {
    private static final int PAGE = 4096;

    private static Userfault open(long features) throws LinuxException {
        try {
            return Userfault.open(features);
        } catch (LinuxException e) {
            if (e.errno() == Errno.EPERM || e.errno() == Errno.ENOSYS || e.errno() == Errno.EINVAL) {
                abort("no userfaultfd: " + e.getMessage());
            }
            throw e;
        }
    }

    /** Has the kernel read a page, in a thread of its own that is in a system call meanwhile and so holds up no collection. */
    private static CompletableFuture<Byte> touch(long address) {
        CompletableFuture<Byte> seen = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try (MemFd sink = MemFd.create("sink", PAGE, 0)) {
                sink.fd().pwrite(address, 1, 0);
                NativeStruct one = NativeStruct.allocate(1);
                sink.fd().pread(one.address(), 1, 0);
                seen.complete(one.bytes().get(0));
            } catch (LinuxException e) {
                seen.completeExceptionally(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return seen;
    }

    private static Userfault.Event await(Userfault userfault) throws LinuxException {
        Userfault.Event event = userfault.next();
        while (event == null) {
            userfault.fd().poll(Fd.POLLIN, -1);
            event = userfault.next();
        }
        return event;
    }

    @Test
    void whoTouchesAMissingPageWaitsForIt() throws Exception {
        try (Mapping memory = Mapping.anonymous(4 * PAGE); Mapping source = Mapping.anonymous(PAGE); Userfault userfault = open(0)) {
            source.buffer(0, PAGE).put(9, (byte) 42);
            userfault.register(memory.address(), 4 * PAGE);
            assertNull(userfault.next());
            CompletableFuture<Byte> seen = touch(memory.address() + PAGE + 9);
            Userfault.Event event = await(userfault);
            assertEquals(Userfault.UFFD_EVENT_PAGEFAULT, event.event());
            assertEquals(memory.address() + PAGE, event.address() & -PAGE);
            assertEquals(PAGE, userfault.copy(memory.address() + PAGE, source.address(), PAGE));
            assertEquals((byte) 42, seen.get(10, TimeUnit.SECONDS));
            assertEquals(0, userfault.copy(memory.address() + PAGE, source.address(), PAGE), "it is there");
            assertEquals(2 * PAGE, userfault.zero(memory.address() + 2 * PAGE, 2 * PAGE));
            assertEquals((byte) 0, touch(memory.address() + 3 * PAGE).get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void aRemovalIsTold() throws Exception {
        try (Mapping memory = Mapping.anonymous(4 * PAGE); Userfault userfault = open(Userfault.UFFD_FEATURE_EVENT_REMOVE)) {
            userfault.register(memory.address(), 4 * PAGE);
            userfault.zero(memory.address(), 4 * PAGE);
            Thread removal = new Thread(() -> LibC.madvise(memory.address() + PAGE, 2 * PAGE, Mapping.MADV_DONTNEED));
            removal.start();
            assertEquals(new Userfault.Event(Userfault.UFFD_EVENT_REMOVE, memory.address() + PAGE, memory.address() + 3 * PAGE), await(userfault));
            removal.join();
        }
    }

    @Test
    void memoryThatIsNotRegisteredAnyMoreReadsAsZero() throws Exception {
        try (Mapping memory = Mapping.anonymous(PAGE); Userfault userfault = open(0)) {
            userfault.register(memory.address(), PAGE);
            CompletableFuture<Byte> seen = touch(memory.address());
            await(userfault);
            userfault.unregister(memory.address(), PAGE);
            assertEquals((byte) 0, seen.get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void anotherHolderOfTheDescriptorBringsPagesIn(@TempDir Path directory) throws Exception {
        String path = directory.resolve("handler").toString();
        try (Mapping memory = Mapping.anonymous(PAGE); Mapping source = Mapping.anonymous(PAGE); Userfault userfault = open(0);
                UnixSocket handler = UnixSocket.listen(path, 1); UnixSocket machine = UnixSocket.open()) {
            userfault.register(memory.address(), PAGE);
            machine.connect(Path.of(path));
            machine.send(ByteBuffer.allocateDirect(1), userfault.fd());
            try (UnixSocket accepted = handler.accept();
                    Userfault theirs = Userfault.of(accepted.receiveWithDescriptor(ByteBuffer.allocateDirect(16)).descriptor().orElseThrow())) {
                userfault.close();
                source.buffer(0, PAGE).put(0, (byte) 7);
                CompletableFuture<Byte> seen = touch(memory.address());
                assertEquals(memory.address(), await(theirs).address() & -PAGE);
                theirs.copy(memory.address(), source.address(), PAGE);
                assertEquals((byte) 7, seen.get(10, TimeUnit.SECONDS));
            }
        }
    }
}
