package io.vmm4j.core.vcpu;

import io.vmm4j.core.metrics.ExitCounts;
import io.vmm4j.devices.bus.Bus;
import io.vmm4j.kvm.VcpuExitHandler;

/** Takes KVM_EXIT_IO and KVM_EXIT_MMIO to the two buses of a machine. Counts them; shared by all vCPUs. */
public final class BusExitHandler implements VcpuExitHandler {

    private final Bus ports;
    private final Bus mmio;
    private final ExitCounts counts;

    /**
     * @param ports  the port-I/O bus
     * @param mmio   the memory-mapped bus
     * @param counts counts the exits
     */
    public BusExitHandler(Bus ports, Bus mmio, ExitCounts counts) {
        this.ports = ports;
        this.mmio = mmio;
        this.counts = counts;
    }

    @Override
    public long ioIn(int port, int width) {
        counts.ioIn.increment();
        return ports.read(port, width);
    }

    @Override
    public void ioOut(int port, int width, long value) {
        counts.ioOut.increment();
        ports.write(port, width, value);
    }

    @Override
    public long mmioRead(long gpa, int width) {
        counts.mmioRead.increment();
        return mmio.read(gpa, width);
    }

    @Override
    public void mmioWrite(long gpa, int width, long value) {
        counts.mmioWrite.increment();
        mmio.write(gpa, width, value);
    }
}
