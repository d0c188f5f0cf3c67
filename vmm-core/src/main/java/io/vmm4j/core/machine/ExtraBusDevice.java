package io.vmm4j.core.machine;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.bus.BusRange;
import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.devices.time.EventLoop;
import java.util.Objects;
import java.util.function.BiFunction;

/**
 * A device on one of the buses that an embedder brings.
 *
 * @param bus       which
 * @param name      for messages
 * @param range     where its registers are
 * @param interrupt an input of the interrupt controller, or {@link #NO_INTERRUPT}
 * @param maker     makes the device, given its interrupt line and the machine's event loop
 */
public record ExtraBusDevice(Kind bus, String name, BusRange range, int interrupt,
        BiFunction<? super InterruptLine, ? super EventLoop, ? extends BusDevice> maker) {

    /** In place of an interrupt. */
    public static final int NO_INTERRUPT = -1;

    /** The buses. */
    public enum Kind {
        /** I/O ports. */
        PORTS,
        /** The guest's physical address space, where there is no RAM. */
        MEMORY
    }

    public ExtraBusDevice {
        ExtraDevice.requireName(Objects.requireNonNull(name, "name"));
        Objects.requireNonNull(range, "range");
        Objects.requireNonNull(maker, "maker");
    }

    boolean hasInterrupt() {
        return interrupt != NO_INTERRUPT;
    }

    /** As the key of a configuration. */
    String key() {
        return "devices." + name;
    }

    /** As messages name it. */
    String title() {
        return "device " + name;
    }
}
