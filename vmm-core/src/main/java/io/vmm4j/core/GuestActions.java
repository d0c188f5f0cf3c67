package io.vmm4j.core;

import io.vmm4j.core.event.VmEvent;
import io.vmm4j.core.event.VmEvents;
import io.vmm4j.core.host.GuardedFuture;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.machine.Machine;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** What a machine's guest is told or asked by its user, as far as the machine's state lets it be. Thread-safe. */
final class GuestActions {

    private final Machine machine;
    private final MachineThreads own;
    private final Supplier<VmState> state;
    private final VmEvents events;

    GuestActions(Machine machine, MachineThreads own, Supplier<VmState> state, VmEvents events) {
        this.machine = machine;
        this.own = own;
        this.state = state;
        this.events = events;
    }

    /** As {@link Vm#resizeVcpus(int, Duration)}. */
    CompletableFuture<Void> resizeVcpus(int count, Duration within) {
        VmState now = state.get();
        if (now != VmState.RUNNING) {
            throw new IllegalStateException(own.prefix() + "a machine that is " + now.word() + " cannot change its vCPUs");
        }
        CompletableFuture<Void> change = machine.resizeVcpus(count, within)
                .thenRun(() -> events.tell(time -> new VmEvent.VcpusChanged(time, count)));
        return GuardedFuture.of(change, () -> own.requireNotGuest("waiting for a change of the vCPUs"));
    }

    /** As {@link Vm#renewGenerationId}. */
    void renewGenerationId() throws IOException {
        VmState now = state.get();
        if (now.compareTo(VmState.STOPPING) >= 0) {
            throw new IllegalStateException(own.prefix() + "a machine that is " + now.word() + " has no generation id");
        }
        machine.renewGeneration();
    }

    /** As {@link Vm#sendCtrlAltDel}. */
    boolean sendCtrlAltDel() {
        VmState now = state.get();
        if (now != VmState.RUNNING && now != VmState.PAUSED) {
            throw new IllegalStateException(own.prefix() + "a machine that is " + now.word() + " has nobody at its keyboard");
        }
        return machine.sendCtrlAltDel();
    }
}
