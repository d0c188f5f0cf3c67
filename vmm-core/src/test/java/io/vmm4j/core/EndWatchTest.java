package io.vmm4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.host.MachineThreads;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class EndWatchTest {

    private static final VmExit EXIT = new VmExit(VmExitReason.STOPPED, "enough");

    private final MachineThreads own = new MachineThreads();
    private final EndWatch end = new EndWatch(own);

    @Test
    void whoWaitsGetsTheEnd() throws Exception {
        CompletableFuture<VmExit> waiting = CompletableFuture.supplyAsync(() -> {
            end.join();
            return end.future().join();
        });
        assertThrows(TimeoutException.class, () -> end.get(1, TimeUnit.MILLISECONDS));
        end.complete(EXIT);
        assertEquals(EXIT, waiting.get());
        assertEquals(EXIT, end.await());
    }

    @Test
    void anInterruptEndsAnAwaitAndNotAJoin() throws Exception {
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, end::await);
        Thread.currentThread().interrupt();
        CompletableFuture.runAsync(() -> end.complete(EXIT), CompletableFuture.delayedExecutor(10, TimeUnit.MILLISECONDS));
        end.join();
        assertTrue(Thread.interrupted(), "kept for later");
    }

    @Test
    void onAThreadOfTheMachinesOwnTheEndIsWaitedForOnceItHasComeOnly() throws Exception {
        own.add(Thread.currentThread(), MachineThreads.Role.END);
        assertThrows(IllegalStateException.class, end::await);
        assertThrows(IllegalStateException.class, end::join);
        assertThrows(IllegalStateException.class, () -> end.future().join());
        end.complete(EXIT);
        assertEquals(EXIT, end.await());
        end.join();
        assertEquals(EXIT, end.future().join());
    }

    @Test
    void nobodyElseCompletesIt() {
        end.future().complete(EXIT);
        assertFalse(end.future().isDone());
        assertNull(EXIT.cause());
    }
}
