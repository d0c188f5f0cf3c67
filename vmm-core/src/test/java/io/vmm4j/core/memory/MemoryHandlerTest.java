package io.vmm4j.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.snapshot.MemoryHandlerException;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Mapping;
import io.vmm4j.kvm.libc.MemFd;
import io.vmm4j.kvm.libc.NativeStruct;
import io.vmm4j.kvm.libc.UnixSocket;
import io.vmm4j.kvm.libc.Userfault;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The handover, with a handler in this process: pages are touched in system calls only, so that no thread of Java waits for one. */
@Timeout(60)
class MemoryHandlerTest {

    private static final int PAGE = 4096;
    private static final int LENGTH = 4 * PAGE;
    private static final List<RamHistory.Slot> REGIONS = List.of(new RamHistory.Slot(0, 0, 0, 3 * PAGE), new RamHistory.Slot(1, 1L << 32, 3 * PAGE, PAGE));
    private static final Consumer<String> NOBODY = loss -> { };

    @TempDir
    Path directory;

    @BeforeEach
    void needsUserfaultfd() {
        try {
            Userfault.open(Userfault.UFFD_FEATURE_EVENT_REMOVE).close();
        } catch (LinuxException e) {
            abort("no userfaultfd: " + e.getMessage());
        }
    }

    /** Has the kernel read a byte. */
    private static CompletableFuture<Byte> touch(Mapping ram, int page) {
        return CompletableFuture.supplyAsync(() -> {
            try (MemFd sink = MemFd.create("sink", PAGE, 0)) {
                sink.fd().pwrite(ram.address() + (long) page * PAGE, 1, 0);
                NativeStruct one = NativeStruct.allocate(1);
                sink.fd().pread(one.address(), 1, 0);
                return one.bytes().get(0);
            } catch (LinuxException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static byte seen(CompletableFuture<Byte> touched) throws Exception {
        return touched.get(20, TimeUnit.SECONDS);
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
    void theHandlerIsToldOfTheRegionsAndBringsTheirPagesIn() throws Exception {
        Path socket = directory.resolve("s");
        try (UnixSocket listening = UnixSocket.listen(socket.toString(), 1); Mapping ram = Mapping.anonymous(LENGTH);
                Mapping source = Mapping.anonymous(PAGE); MemoryHandler handler = MemoryHandler.handOver(socket, ram, REGIONS, PAGE);
                UnixSocket accepted = listening.accept()) {
            handler.watch(NOBODY, new MachineThreads());
            ByteBuffer message = ByteBuffer.allocateDirect(1024);
            try (Userfault theirs = Userfault.of(accepted.receiveWithDescriptor(message).descriptor().orElseThrow())) {
                assertEquals("[{\"base_host_virt_addr\":" + ram.address() + ",\"size\":12288,\"offset\":0,\"page_size\":4096,\"page_size_kib\":4096},"
                                + "{\"base_host_virt_addr\":" + (ram.address() + 12288) + ",\"size\":4096,\"offset\":12288,\"page_size\":4096,\"page_size_kib\":4096}]",
                        StandardCharsets.US_ASCII.decode(message.flip()).toString());
                source.buffer(0, PAGE).put(0, (byte) 7);
                CompletableFuture<Byte> touched = touch(ram, 3);
                assertEquals(ram.address() + 3 * PAGE, await(theirs).address() & -PAGE);
                theirs.copy(ram.address() + 3 * PAGE, source.address(), PAGE);
                assertEquals(7, seen(touched));
                // What the balloon gives back is told.
                CompletableFuture<Void> removal = CompletableFuture.runAsync(() -> remove(ram));
                assertEquals(new Userfault.Event(Userfault.UFFD_EVENT_REMOVE, ram.address() + 3 * PAGE, ram.address() + LENGTH), await(theirs));
                removal.get(20, TimeUnit.SECONDS);
            }
        }
    }

    private static void remove(Mapping ram) {
        try {
            ram.advise(Mapping.MADV_DONTNEED, 3 * PAGE, PAGE);
        } catch (LinuxException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aHandlerMayCloseItsSocketAndServeOn() throws Exception {
        Path socket = directory.resolve("s");
        try (UnixSocket listening = UnixSocket.listen(socket.toString(), 1); Mapping ram = Mapping.anonymous(LENGTH);
                MemoryHandler handler = MemoryHandler.handOver(socket, ram, REGIONS, PAGE)) {
            CompletableFuture<String> loss = new CompletableFuture<>();
            handler.watch(loss::complete, new MachineThreads());
            Userfault theirs;
            try (UnixSocket accepted = listening.accept()) {
                theirs = Userfault.of(accepted.receiveWithDescriptor(ByteBuffer.allocateDirect(1024)).descriptor().orElseThrow());
            }
            try (theirs) {
                CompletableFuture<Byte> touched = touch(ram, 0);
                await(theirs);
                assertThrows(java.util.concurrent.TimeoutException.class, () -> loss.get(100, TimeUnit.MILLISECONDS));
                theirs.zero(ram.address(), PAGE);
                assertEquals(0, seen(touched));
                assertFalse(handler.isLost());
            }
        }
    }

    @Test
    void whoWaitsForAPageGoesOnWhenTheMemoryIsLetGo() throws Exception {
        Path socket = directory.resolve("s");
        try (UnixSocket listening = UnixSocket.listen(socket.toString(), 1); Mapping ram = Mapping.anonymous(LENGTH);
                MemoryHandler handler = MemoryHandler.handOver(socket, ram, REGIONS, PAGE); UnixSocket accepted = listening.accept()) {
            handler.watch(NOBODY, new MachineThreads());
            CompletableFuture<Byte> touched = touch(ram, 1);
            try (Userfault theirs = Userfault.of(accepted.receiveWithDescriptor(ByteBuffer.allocateDirect(1024)).descriptor().orElseThrow())) {
                await(theirs);
                CompletableFuture<Void> removal = CompletableFuture.runAsync(() -> remove(ram));
                theirs.fd().poll(Fd.POLLIN, -1);
                handler.letGo();
                assertEquals(0, seen(touched), "though the handler has it still");
                removal.get(20, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void whereNobodyListensTheSocketIsNamed() throws Exception {
        Path none = directory.resolve("none");
        Path deaf = directory.resolve("deaf");
        UnixSocket.listen(deaf.toString(), 1).close();
        try (Mapping ram = Mapping.anonymous(LENGTH)) {
            MemoryHandlerException missing = assertThrows(MemoryHandlerException.class, () -> MemoryHandler.handOver(none, ram, REGIONS, PAGE));
            assertEquals("memory handler " + none + ": cannot be reached: No such file or directory (ENOENT)", missing.getMessage());
            MemoryHandlerException refused = assertThrows(MemoryHandlerException.class, () -> MemoryHandler.handOver(deaf, ram, REGIONS, PAGE));
            assertEquals("memory handler " + deaf + ": cannot be reached: Connection refused (ECONNREFUSED)", refused.getMessage());
            assertTrue(seen(touch(ram, 0)) == 0, "the memory is as it was");
        }
    }
}
