package io.vmm4j.core.machine;

import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.IrqfdLine;
import io.vmm4j.core.machine.ExtraBusDevice.Kind;
import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.devices.bus.BusBuilder;
import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.kvm.KvmVm;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** Puts the embedder's bus devices onto the buses, behind all others, and owns their interrupt lines. */
final class GivenBusDevices implements AutoCloseable {

    private static final InterruptLine NO_LINE = () -> { };

    private final KvmVm vm;
    private final BusBuilder ports;
    private final BusBuilder mmio;
    private final SavedParts saved;
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    /** @param saved takes note of them */
    GivenBusDevices(KvmVm vm, BusBuilder ports, BusBuilder mmio, SavedParts saved) {
        this.saved = saved;
        this.vm = vm;
        this.ports = ports;
        this.mmio = mmio;
    }

    /**
     * Has the devices made.
     *
     * @param events hears of their faults
     * @throws GivenPartException naming all that cannot be used, or lie where another device is
     */
    void add(List<ExtraBusDevice> extras, EpollEventLoop loop, VcpuEvents events) throws IOException {
        List<GivenPartException> refused = new ArrayList<>();
        for (ExtraBusDevice extra : extras) {
            try {
                addOne(extra, loop, events);
            } catch (GivenPartException e) {
                refused.add(e);
            }
        }
        if (!refused.isEmpty()) {
            throw new GivenPartException(refused);
        }
    }

    private void addOne(ExtraBusDevice extra, EpollEventLoop loop, VcpuEvents events) throws IOException {
        BusBuilder bus = extra.bus() == Kind.PORTS ? ports : mmio;
        Optional<String> other = bus.overlapped(extra.range());
        if (other.isPresent()) {
            throw new GivenPartException(extra.key(), GivenPlaces.overlap(extra, other.get()), null);
        }
        InterruptLine line = NO_LINE;
        if (extra.hasInterrupt()) {
            IrqfdLine irqfd = new IrqfdLine(vm, extra.interrupt());
            owned.push(irqfd);
            line = irqfd;
        }
        GivenBusDevice device = GivenBusDevice.make(extra, line, loop, events);
        owned.push(device);
        bus.add(extra.title(), extra.range().base(), extra.range().length(), device);
        saved.add(extra.title(), device, loop);
    }

    /** Closes the devices that can be closed, and gives back the lines; no vCPU or loop runs any more. */
    @Override
    public void close() {
        Machine.closeAll(owned);
    }
}
