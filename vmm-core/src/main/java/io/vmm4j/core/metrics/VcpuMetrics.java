package io.vmm4j.core.metrics;

/**
 * How often the machine's vCPUs have left the guest for the monitor, all vCPUs together since the start. Notifications of
 * virtio queues and interrupts of the kernel's controllers are not among them: they do not leave the kernel.
 *
 * @param ioIn      reads of I/O ports (KVM_EXIT_IO)
 * @param ioOut     writes to I/O ports
 * @param mmioRead  reads of device windows in memory (KVM_EXIT_MMIO)
 * @param mmioWrite writes to them
 */
public record VcpuMetrics(long ioIn, long ioOut, long mmioRead, long mmioWrite) {
}
