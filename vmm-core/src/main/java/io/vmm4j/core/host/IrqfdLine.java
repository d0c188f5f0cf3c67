package io.vmm4j.core.host;

import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.libc.EventFd;
import java.io.IOException;

/** An interrupt line that is an eventfd bound to a GSI (KVM_IRQFD): one write, no ioctl and no vCPU exit. */
public final class IrqfdLine implements InterruptLine, AutoCloseable {

    private final KvmVm vm;
    private final int gsi;
    private final EventFd eventFd;

    /** Binds a new eventfd to {@code gsi} of {@code vm}. */
    public IrqfdLine(KvmVm vm, int gsi) throws IOException {
        this.vm = vm;
        this.gsi = gsi;
        eventFd = EventFd.create();
        try {
            vm.irqfd(eventFd, gsi);
        } catch (IOException e) {
            eventFd.close();
            throw e;
        }
    }

    @Override
    public void trigger() {
        eventFd.signal();
    }

    /** Has no edge arrive any more, for a line whose machine goes on without it; before {@link #close}. */
    public void unbind() throws IOException {
        vm.deassignIrqfd(eventFd, gsi);
    }

    @Override
    public void close() {
        eventFd.close();
    }
}
