package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.kvm.Kvm;
import io.vmm4j.kvm.MsrRefusedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Has a machine whose parts are all there, and whose memory is, become what another was when it stood still. Its loops and vCPUs do not run yet. */
final class Thaw {

    private static final String KEY = "snapshot";

    private final Kvm kvm;
    private final Freezer.Subject machine;
    private final Restart restart;
    private final MachineState state;

    Thaw(Kvm kvm, Freezer.Subject machine, Restart restart) {
        this.kvm = kvm;
        this.machine = machine;
        this.restart = restart;
        this.state = restart.from().state();
    }

    /**
     * Does it.
     *
     * @throws ConfigException when the host or what the embedder brought along is not what the guest had, naming it
     */
    void goOn() throws ConfigException, IOException {
        requireProcessors();
        for (AddedPlace place : state.added()) {
            bringBack(place);
        }
        requireParts();
        machine.vcpus().goOnAs(state.vcpus().get(0));
        for (SavedVcpu vcpu : state.vcpus()) {
            machine.vcpus().createFor(vcpu.index());
        }
        try {
            Freezer.bringBack(machine, state, restart.movesClock());
        } catch (StateException e) {
            throw new ConfigException(KEY, "the snapshot's state cannot be: " + e.getMessage());
        } catch (MsrRefusedException e) {
            throw new ConfigException(KEY, "this host's KVM does not take a register that the guest had: " + e.getMessage());
        }
    }

    private void requireProcessors() throws ConfigException, IOException {
        for (SavedVcpu vcpu : state.vcpus()) {
            if (!machine.vcpus().canHave(vcpu.index())) {
                throw new ConfigException(KEY, "the snapshot has a vCPU " + vcpu.index() + ", and its configuration none");
            }
        }
        // They are alike, but for numbers of their own.
        List<String> lacked = state.vcpus().get(0).state().lackedBy(kvm);
        if (!lacked.isEmpty()) {
            throw new ConfigException(KEY, "this host lacks what the guest's processors had: " + String.join(", ", lacked));
        }
    }

    private void bringBack(AddedPlace place) throws ConfigException, IOException {
        VmConfig config = restart.whole();
        if (!machine.hotplug().hasSlot(place.slot())) {
            throw new ConfigException(KEY, "the snapshot has a device in spare place " + place.slot() + ", and the machine no such place");
        }
        if (place.isDrive()) {
            machine.hotplug().bringBack(place.slot(), (now, surroundings) -> Addition.drive(
                    config.drives().stream().filter(drive -> drive.driveId().equals(place.id())).findFirst().orElseThrow(() -> unknown(place)),
                    now, surroundings, restart::openDisk));
        } else {
            machine.hotplug().bringBack(place.slot(), (now, surroundings) -> Addition.network(
                    config.networkInterfaces().stream().filter(network -> network.ifaceId().equals(place.id())).findFirst().orElseThrow(() -> unknown(place)),
                    now, surroundings));
        }
    }

    private static ConfigException unknown(AddedPlace place) {
        return new ConfigException(KEY, "the snapshot has a device " + place.id() + " in spare place " + place.slot() + " that its configuration does not know");
    }

    /** The devices are those that the guest had. */
    private void requireParts() throws ConfigException {
        Set<String> there = machine.parts().names();
        List<String> problems = new ArrayList<>();
        for (String name : new TreeSet<>(state.parts().keySet())) {
            if (!there.contains(name)) {
                problems.add("the snapshot has " + name + ", and this machine has not: bring it along");
            }
        }
        for (String name : there) {
            if (!state.parts().containsKey(name)) {
                problems.add("the machine has " + name + ", and the snapshot has not");
            }
        }
        if (!problems.isEmpty()) {
            throw new ConfigException(KEY, String.join("; ", problems));
        }
        List<String> refusals = machine.parts().refusals();
        if (!refusals.isEmpty()) {
            throw new ConfigException(KEY, String.join(", ", refusals) + ": takes no state, as a device from a snapshot needs (Stateful)");
        }
    }
}
