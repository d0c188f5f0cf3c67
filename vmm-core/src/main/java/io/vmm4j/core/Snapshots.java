package io.vmm4j.core;

import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.machine.FrozenMachine;
import io.vmm4j.core.machine.Machine;
import io.vmm4j.core.snapshot.MachineSnapshot;
import io.vmm4j.core.snapshot.SnapshotException;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes snapshots of a machine, and puts it back to them. Thread-safe. */
final class Snapshots {

    private static final Logger LOG = LoggerFactory.getLogger(Vm.class);

    private final Machine machine;
    private final MachineThreads own;
    private final Standstill standstill;
    private final Consumer<VmExit> onEnd;

    /** @param onEnd ends the machine */
    Snapshots(Machine machine, MachineThreads own, Standstill standstill, Consumer<VmExit> onEnd) {
        this.machine = machine;
        this.own = own;
        this.standstill = standstill;
        this.onEnd = onEnd;
    }

    /** As {@link Vm#snapshot(Duration)}. */
    MachineSnapshot take(Duration within) throws SnapshotException, IOException {
        MachineSnapshot snapshot = standstill.during("snapshot()", within, () -> MachineSnapshot.of(own.machine(), machine.freeze()));
        LOG.info("{}snapshot taken", own.prefix());
        return snapshot;
    }

    /** As {@link Vm#resetTo}. */
    int resetTo(MachineSnapshot snapshot, Duration within) throws SnapshotException, IOException {
        FrozenMachine frozen = snapshot.frozen().hold();
        try {
            return standstill.during("resetTo()", within, () -> machine.revertTo(frozen, this::broken));
        } finally {
            frozen.release();
        }
    }

    private void broken(Throwable fault) {
        onEnd.accept(new VmExit(VmExitReason.HOST_ERROR, "the machine could not be put back to a snapshot: " + fault.getMessage(), fault));
    }
}
