package io.vmm4j.core.vcpu;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.event.VmEvent;
import java.time.Instant;
import java.util.function.Function;

/** What vCPUs, event loops and consoles report to their machine. Called on any thread; returns at once. */
@FunctionalInterface
public interface VcpuEvents {

    /** The machine has to end; the first report of a machine counts. */
    void end(VmExit exit);

    /** Something that listeners may want to hear of, made from the time at which it happened. */
    default void happened(Function<Instant, VmEvent> event) {
        // Nobody listens.
    }
}
