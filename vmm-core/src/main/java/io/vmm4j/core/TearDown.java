package io.vmm4j.core;

import io.vmm4j.core.event.VmEvent;
import io.vmm4j.core.event.VmEvents;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.machine.Machine;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes a machine down, once, and tells of its end. On a thread that machines share. */
final class TearDown implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Vm.class);

    private final Machine machine;
    private final MachineThreads own;
    private final AtomicReference<VmState> state;
    private final VmEvents events;
    private final EndWatch ended;
    private final VmExit exit;

    /**
     * @param state becomes {@link VmState#STOPPED}
     * @param ended completes last of all
     * @param exit  how it ended, unless something goes wrong now
     */
    TearDown(Machine machine, MachineThreads own, AtomicReference<VmState> state, VmEvents events, EndWatch ended, VmExit exit) {
        this.machine = machine;
        this.own = own;
        this.state = state;
        this.events = events;
        this.ended = ended;
        this.exit = named(exit);
    }

    private VmExit named(VmExit plain) {
        return new VmExit(plain.reason(), own.prefix() + plain.message(), plain.cause());
    }

    @Override
    public void run() {
        own.runAs(MachineThreads.Role.END, "vm-end", this::takeDown);
    }

    private void takeDown() {
        VmExit outcome = exit;
        try {
            machine.close();
        } catch (Throwable e) {
            outcome = exit.isOrderly() ? named(new VmExit(VmExitReason.BUG, "internal error at the machine's end: " + e, e)) : exit;
            LOG.error("{}the machine was not taken down in order", own.prefix(), e);
        } finally {
            report(outcome);
        }
    }

    /** Tells those who wait, even when the log cannot be written. */
    private void report(VmExit outcome) {
        try {
            LOG.info("guest ended: {}", outcome.message());
        } finally {
            state.set(VmState.STOPPED);
            events.tell(time -> new VmEvent.StateChanged(time, VmState.STOPPED));
            events.tell(time -> new VmEvent.Ended(time, outcome));
            events.close();
            ended.complete(outcome);
        }
    }
}
