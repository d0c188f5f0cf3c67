package io.vmm4j.core.machine;

import io.vmm4j.core.block.DiskFreeze;
import io.vmm4j.core.block.SharedDisk;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.memory.FrozenMemory;
import io.vmm4j.core.snapshot.SnapshotException;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.kvm.KvmVm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Takes a machine that stands still as it is, and puts it back to that. Thread-safe: one call at a time, and none once {@link #close} has returned.
 */
final class Freezer implements AutoCloseable {

    /**
     * The machine.
     *
     * @param restart what it went on from, or {@code null}
     */
    record Subject(KvmVm vm, GuestRam ram, Vcpus vcpus, AcpiDevices acpi, DeviceHotplug hotplug, SavedParts parts, Restart restart) {
    }

    private final Subject machine;
    private boolean isClosed;

    /** @param machine with {@code restart}, if it has one, held here once more */
    Freezer(Subject machine) {
        this.machine = machine;
        if (machine.restart() != null) {
            machine.restart().from().hold();
        }
    }

    /**
     * All of the machine, which stands still, held by the caller.
     *
     * @throws SnapshotException naming what keeps it from being saved
     */
    synchronized FrozenMachine freeze() throws SnapshotException, IOException {
        requireOpen();
        try (ChangeStop stopped = new ChangeStop(changes())) {
            return freezeAll();
        }
    }

    private List<ChangeStop.Changes> changes() {
        List<ChangeStop.Changes> changes = new ArrayList<>(List.of(machine.hotplug().changes(), machine.acpi().hotplug()));
        changes.addAll(machine.parts().drives().values());
        return changes;
    }

    private FrozenMachine freezeAll() throws SnapshotException, IOException {
        List<String> refusals = machine.parts().refusals();
        if (!refusals.isEmpty()) {
            throw new SnapshotException(String.join(", ", refusals) + ": no state to save, as a device in a snapshot needs (Stateful)");
        }
        requireSavedDisks();
        HotState hot = machine.hotplug().save();
        Map<String, State> parts = machine.parts().save();
        List<SavedVcpu> vcpus = machine.vcpus().save();
        requireOpen(); // else some may be missing
        Map<String, FrozenDisk> disks = new LinkedHashMap<>();
        try {
            VmConfig config = hot.config().withDrives(freezeDisks(hot.config().drives(), disks));
            Map<String, DriveState> drives = new HashMap<>();
            disks.forEach((id, disk) -> drives.put(id, disk.state()));
            MachineState state = new MachineState(config, hot.places(), hot.dialogue(), vcpus, machine.vm().saveInterrupts(),
                    machine.vm().saveClock(), parts, drives);
            // Last: what comes before may write there. And then nothing fails any more.
            FrozenMemory memory = freezeMemory();
            return new FrozenMachine(state, memory, commit(disks));
        } finally {
            disks.values().stream().map(FrozenDisk::changes).filter(Objects::nonNull).forEach(DiskFreeze::close);
        }
    }

    private FrozenMemory freezeMemory() throws SnapshotException, IOException {
        FrozenMemory memory = machine.ram().history().freeze();
        boolean isLost = machine.ram().isLost();
        // The end has missing pages read as zeros, for whoever waits for them.
        if (isLost || machine.vcpus().hasEnded()) {
            memory.release();
            throw new SnapshotException("the machine has ended" + (isLost ? ": who brought its memory in has gone" : ""));
        }
        return memory;
    }

    private void requireOpen() throws SnapshotException {
        if (isClosed || machine.vcpus().hasEnded()) {
            throw new SnapshotException("the machine has ended");
        }
    }

    private void requireSavedDisks() throws SnapshotException {
        for (Map.Entry<String, DriveDisk> drive : machine.parts().drives().entrySet()) {
            if (!drive.getValue().isSaved()) {
                throw new SnapshotException("drive " + drive.getKey() + " is a qcow2 image or has an overlay: a snapshot takes raw images without one");
            }
        }
    }

    /** Adds to {@code frozen}; returns the drives on the images that they are on. */
    private List<DriveConfig> freezeDisks(List<DriveConfig> drives, Map<String, FrozenDisk> frozen) throws IOException {
        List<DriveConfig> current = new ArrayList<>();
        for (DriveConfig drive : drives) {
            DriveDisk disk = machine.parts().drives().get(drive.driveId());
            frozen.put(drive.driveId(), disk.freeze());
            current.add(drive.withPath(disk.config().pathOnHost()).withFormat(DriveConfig.Format.RAW));
        }
        return current;
    }

    private static Map<String, SharedDisk> commit(Map<String, FrozenDisk> disks) {
        Map<String, SharedDisk> changes = new HashMap<>();
        disks.forEach((id, disk) -> {
            if (disk.changes() != null) {
                changes.put(id, disk.changes().commit());
            }
        });
        return changes;
    }

    /** Holds {@code frozen} against the machine, which stands still: refuses what it cannot be put back to, before anything is changed. */
    private void requireSame(FrozenMachine frozen) throws SnapshotException {
        if (!machine.ram().history().canRevertTo(frozen.memory())) {
            throw new SnapshotException("the machine did not come from that snapshot, nor was it the last one taken of it");
        }
        if (!machine.hotplug().save().places().equals(frozen.state().added())) {
            throw new SnapshotException("devices have come to the machine or gone since that snapshot");
        }
        for (Map.Entry<String, DriveDisk> drive : machine.parts().drives().entrySet()) {
            String why = whyNotReset(drive.getValue(), frozen.state().drives().get(drive.getKey()));
            if (why != null) {
                throw new SnapshotException("drive " + drive.getKey() + " " + why);
            }
        }
        if (!machine.vcpus().areUsed(frozen.state().vcpus())) {
            throw new SnapshotException("the guest has given back vCPUs since that snapshot");
        }
    }

    private static String whyNotReset(DriveDisk disk, DriveState then) {
        try {
            return disk.whyNotReset(then);
        } catch (IOException e) {
            return "is on an image that cannot be looked at: " + e.getMessage();
        }
    }

    /**
     * Puts the machine, which stands still, back.
     *
     * @param onFault hears of what makes the machine good for nothing any more: the host refuses on the way
     * @return pages of RAM put back
     * @throws SnapshotException when it cannot be; nothing was changed then
     * @throws IOException       told to {@code onFault} before
     */
    synchronized int revertTo(FrozenMachine frozen, Consumer<Throwable> onFault) throws SnapshotException, IOException {
        requireOpen();
        try (ChangeStop stopped = new ChangeStop(changes())) {
            requireSame(frozen);
            try {
                return putBack(frozen);
            } catch (IOException | RuntimeException | Error e) {
                onFault.accept(e);
                throw e;
            }
        }
    }

    private int putBack(FrozenMachine frozen) throws IOException {
        boolean isOrigin = machine.restart() != null && machine.restart().from().memory() == frozen.memory();
        int pages = machine.ram().history().revertTo(frozen.memory());
        for (DriveDisk drive : machine.parts().drives().values()) {
            drive.reset(isOrigin);
        }
        try {
            bringBack(machine, frozen.state(), machine.restart() == null || machine.restart().movesClock());
        } catch (StateException e) {
            throw new IOException("what the machine itself has saved is refused: " + e.getMessage(), e);
        }
        return pages;
    }

    /** Has a machine whose memory is there become what {@code state} says. */
    static void bringBack(Subject machine, MachineState state, boolean movesClock) throws StateException, IOException {
        machine.vm().restoreInterrupts(state.interrupts());
        machine.vm().restoreClock(state.clock(), movesClock);
        machine.parts().restore(state.parts());
        machine.acpi().hotplug().requireOffered(cpu -> state.vcpus().stream().anyMatch(vcpu -> vcpu.index() == cpu));
        machine.hotplug().restoreDialogue(state.dialogue());
        machine.vcpus().restore(state.vcpus());
        machine.acpi().renewGenerationNow();
        machine.parts().afterRestore();
    }

    /** Lets go of what the machine went on from; waits for a call that is under way. */
    @Override
    public synchronized void close() {
        if (!isClosed && machine.restart() != null) {
            machine.restart().from().release();
        }
        isClosed = true;
    }
}
