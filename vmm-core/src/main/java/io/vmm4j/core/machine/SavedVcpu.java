package io.vmm4j.core.machine;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.kvm.VcpuState;
import java.util.ArrayList;
import java.util.List;

/**
 * A vCPU as it stood still.
 *
 * @param index from 0, by which people know it
 * @param state KVM's
 */
record SavedVcpu(int index, VcpuState state) {

    private static final int INDEX_MAX = 4095;

    State toState() {
        return State.builder().put("index", index).put("state", KvmStates.toState(state)).build();
    }

    static List<SavedVcpu> of(List<State> states) throws StateException {
        List<SavedVcpu> vcpus = new ArrayList<>();
        for (State state : states) {
            int least = vcpus.isEmpty() ? 0 : vcpus.get(vcpus.size() - 1).index + 1;
            // The first is there always.
            int most = vcpus.isEmpty() ? 0 : INDEX_MAX;
            vcpus.add(new SavedVcpu(state.int32("index", least, most), KvmStates.vcpu(state.part("state"))));
        }
        return vcpus;
    }
}
