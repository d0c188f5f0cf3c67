package io.vmm4j.core.host;

import io.vmm4j.devices.ioapic.MessageRoutes;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.abi.KvmIrqRouting;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Routes of an I/O APIC outside KVM: the messages that KVM itself sends to local APICs when an interrupt number is
 * signalled (KVM_SET_GSI_ROUTING). Thread-safe.
 */
public final class GsiRoutes implements MessageRoutes {

    private static final Logger LOG = LoggerFactory.getLogger(GsiRoutes.class);

    private final KvmVm vm;
    private final Map<Integer, KvmIrqRouting.Entry> routes = new TreeMap<>();
    private boolean hasFailed;
    /** Changes come one after the other, and KVM is told of all at once. */
    private boolean isGathering;

    /** @param vm with its I/O APIC outside KVM */
    public GsiRoutes(KvmVm vm) {
        this.vm = vm;
    }

    @Override
    public synchronized void route(int input, long address, int data) {
        routes.put(input, KvmIrqRouting.Entry.msi(input, address, data));
        apply();
    }

    @Override
    public synchronized void cut(int input) {
        routes.remove(input);
        apply();
    }

    @Override
    public synchronized void together(Runnable changes) {
        Map<Integer, KvmIrqRouting.Entry> before = new TreeMap<>(routes);
        isGathering = true;
        try {
            changes.run();
        } finally {
            isGathering = false;
        }
        if (!routes.equals(before)) {
            apply();
        }
    }

    private void apply() {
        if (isGathering) {
            return;
        }
        List<KvmIrqRouting.Entry> all = new ArrayList<>(routes.values());
        try {
            vm.setGsiRouting(all);
        } catch (KvmException e) {
            if (!hasFailed) {
                hasFailed = true;
                LOG.warn("interrupts do not go where the guest sends them: {}", e.getMessage());
            }
        }
    }
}
