/**
 * Device models and what they stand on. For authors of devices: {@link io.vmm4j.devices.bus}, {@link io.vmm4j.devices.irq},
 * {@link io.vmm4j.devices.memory}, {@link io.vmm4j.devices.time}, {@link io.vmm4j.devices.virtio} and
 * {@link io.vmm4j.devices.virtio.queue}; for consoles {@link io.vmm4j.devices.serial}.
 */
@SuppressWarnings("module") // those that the internals are for come after this one
module io.vmm4j.devices {
    requires org.slf4j;

    exports io.vmm4j.devices.bus;
    exports io.vmm4j.devices.irq;
    exports io.vmm4j.devices.limit;
    exports io.vmm4j.devices.memory;
    exports io.vmm4j.devices.serial;
    exports io.vmm4j.devices.state;
    exports io.vmm4j.devices.time;
    exports io.vmm4j.devices.virtio;
    exports io.vmm4j.devices.virtio.queue;

    // Their statistics are in a machine's metrics.
    exports io.vmm4j.devices.virtio.balloon;
    exports io.vmm4j.devices.virtio.blk;
    exports io.vmm4j.devices.virtio.fs;
    exports io.vmm4j.devices.virtio.net;
    exports io.vmm4j.devices.virtio.rng;
    exports io.vmm4j.devices.virtio.vsock;

    exports io.vmm4j.devices.boottimer to io.vmm4j.core;
    exports io.vmm4j.devices.i8042 to io.vmm4j.core;
    exports io.vmm4j.devices.ioapic to io.vmm4j.core;
    exports io.vmm4j.devices.pvpanic to io.vmm4j.core;
    exports io.vmm4j.devices.rtc to io.vmm4j.core;
    exports io.vmm4j.devices.text to io.vmm4j.core, io.vmm4j.api;
    exports io.vmm4j.devices.virtio.console to io.vmm4j.core;
    exports io.vmm4j.devices.virtio.mmio to io.vmm4j.core, io.vmm4j.devices.testing;
}
