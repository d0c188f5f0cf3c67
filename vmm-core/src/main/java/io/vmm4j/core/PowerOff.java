package io.vmm4j.core;

import io.vmm4j.core.machine.Machine;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/** Has a guest power off, or its machine stopped. */
record PowerOff(Vm vm, Machine machine) {

    /** As {@link Vm#shutdown(Duration, Duration)}, of a machine that is there. */
    void ask(Duration noticeWithin, Duration atMost) {
        stopUnless(button(), noticeWithin, "the guest did not notice the power button");
        stopUnless(vm.exit(), atMost, "the guest did not power off");
    }

    private CompletableFuture<Void> button() {
        try {
            return machine.pressPowerButton().copy();
        } catch (RejectedExecutionException e) {
            // The end has come meanwhile.
            return CompletableFuture.completedFuture(null);
        }
    }

    private void stopUnless(CompletableFuture<?> done, Duration within, String why) {
        Future<?> alarm = machine.helpers().schedule(() -> vm.stop(why + " within " + TimeUnit.MILLISECONDS.convert(within) + " ms"),
                TimeUnit.NANOSECONDS.convert(within));
        done.whenComplete((result, failure) -> alarm.cancel(false));
    }
}
