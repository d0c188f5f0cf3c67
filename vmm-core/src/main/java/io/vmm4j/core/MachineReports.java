package io.vmm4j.core;

import io.vmm4j.core.event.VmEvent;
import io.vmm4j.core.event.VmEvents;
import io.vmm4j.core.vcpu.VcpuEvents;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Takes a machine's reports to who waits for its end and to its listeners; from its assembly on, when there is no {@link Vm} yet. */
final class MachineReports implements VcpuEvents {

    private final CompletableFuture<VmExit> end;
    private final VmEvents events;

    MachineReports(CompletableFuture<VmExit> end, VmEvents events) {
        this.end = end;
        this.events = events;
    }

    @Override
    public void end(VmExit exit) {
        end.complete(exit);
    }

    @Override
    public void happened(Function<Instant, VmEvent> event) {
        events.tell(event);
    }
}
