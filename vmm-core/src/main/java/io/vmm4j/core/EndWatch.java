package io.vmm4j.core;

import io.vmm4j.core.host.GuardedFuture;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.host.SlowWait;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A machine's end, and how it is waited for: on no thread of the machine's own, and not in silence where the thread that takes
 * the machine down is kept by what it closes; of the others that keep it, it tells itself. Thread-safe.
 */
final class EndWatch {

    private final MachineThreads own;
    private final CompletableFuture<VmExit> ended;

    EndWatch(MachineThreads own) {
        this.own = own;
        this.ended = new GuardedFuture<>(() -> own.requireOther("waiting for the machine's end"));
    }

    /** It has come. */
    void complete(VmExit exit) {
        ended.complete(exit);
    }

    /** Completes when it comes, and for nobody else. */
    CompletableFuture<VmExit> future() {
        return ended.copy();
    }

    /**
     * Waits as long as it takes.
     *
     * @throws IllegalStateException on a thread of the machine's own
     */
    VmExit await() throws InterruptedException {
        SlowWait slow = new SlowWait("the machine's end", this::closers);
        boolean wasClosing = false;
        while (true) {
            try {
                return get(slow.stepMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                // Closing at two looks: as long as there is between them, or longer.
                boolean isClosing = !closers().isEmpty();
                if (isClosing && wasClosing) {
                    slow.tell();
                }
                wasClosing = isClosing;
            }
        }
    }

    private List<Thread> closers() {
        return own.busy(MachineThreads.Role.END);
    }

    /** As {@link #await}; an interrupt is kept for later. */
    void join() {
        boolean interrupted = false;
        while (true) {
            try {
                await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** As {@link #await}, for a bounded time. */
    VmExit get(long time, TimeUnit unit) throws InterruptedException, TimeoutException {
        try {
            return ended.get(time, unit);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the end of a machine is never exceptional", e);
        }
    }
}
