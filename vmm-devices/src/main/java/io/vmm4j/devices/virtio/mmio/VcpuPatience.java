package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.time.EventLoop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * How long a vCPU that has taken a device or a queue back is kept from going on. The specification has the driver look at a register until
 * the device has let go (sections 2.4 and 4.2.2.2 of virtio 1.2), but Linux's looks at Status never and at QueueReady once. So the access
 * waits for what usually takes no time; where a disk takes its time the vCPU goes on and the register says that it is not over.
 */
final class VcpuPatience {

    /** Below what a guest takes for a lockup, and what those who pause the machine wait for its vCPUs. */
    private static final long MILLIS = 500;

    private VcpuPatience() {
    }

    /** Waits, but not for ever and not on {@code loop}, and returns whether {@code quiescence} has come. */
    static boolean await(CompletableFuture<Void> quiescence, EventLoop loop) {
        if (loop.inLoop()) {
            return quiescence.isDone();
        }
        try {
            quiescence.get(MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return quiescence.isDone();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException("quiescence is never exceptional", e);
        }
        return quiescence.isDone();
    }
}
