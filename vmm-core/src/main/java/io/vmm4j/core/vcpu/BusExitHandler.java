package io.vmm4j.core.vcpu;

import io.vmm4j.devices.bus.Bus;
import io.vmm4j.kvm.VcpuExitHandler;

/** Takes KVM_EXIT_IO and KVM_EXIT_MMIO to the two buses of a machine. Stateless; shared by all vCPUs. */
public final class BusExitHandler implements VcpuExitHandler {

    private final Bus ports;
    private final Bus mmio;

    /**
     * @param ports the port-I/O bus
     * @param mmio  the memory-mapped bus
     */
    public BusExitHandler(Bus ports, Bus mmio) {
        this.ports = ports;
        this.mmio = mmio;
    }

    @Override
    public long ioIn(int port, int width) {
        return ports.read(port, width);
    }

    @Override
    public void ioOut(int port, int width, long value) {
        ports.write(port, width, value);
    }

    @Override
    public long mmioRead(long gpa, int width) {
        return mmio.read(gpa, width);
    }

    @Override
    public void mmioWrite(long gpa, int width, long value) {
        mmio.write(gpa, width, value);
    }
}
