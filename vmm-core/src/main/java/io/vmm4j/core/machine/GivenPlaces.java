package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.Problems;
import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.core.machine.ExtraBusDevice.Kind;
import io.vmm4j.devices.bus.BusRange;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Where the embedder's bus devices may be: not where KVM itself answers, for they would never hear of it, not in RAM, and not at
 * another's interrupt, since edges cannot be shared. What the monitor's own devices claim, its buses know.
 */
final class GivenPlaces {

    /** Something that is at an address without being on a bus of ours. */
    private record Reserved(String name, BusRange range) {
    }

    private static final long PORTS = 0x10000;
    /** Guest-physical addresses that x86-64 has. */
    private static final long ADDRESSES = 1L << 52;
    private static final int LAST_INTERRUPT = 23;

    private static final List<Reserved> IN_KVM_PORTS = List.of(
            new Reserved("the interrupt controller", new BusRange(0x20, 2)),
            new Reserved("the interrupt controller", new BusRange(0xa0, 2)),
            new Reserved("the interrupt controller", new BusRange(0x4d0, 2)),
            new Reserved("the interval timer", new BusRange(0x40, 4)),
            new Reserved("the interval timer", new BusRange(0x61, 1)));

    private static final List<Reserved> IN_MEMORY = List.of(
            new Reserved("the boot timer", new BusRange(AddressMap.BOOT_TIMER, 0x1000)),
            new Reserved("the windows of virtio devices",
                    new BusRange(AddressMap.VIRTIO_MMIO, VirtioPlan.MAX_DEVICES * AddressMap.VIRTIO_MMIO_SIZE)),
            new Reserved("the I/O APIC", new BusRange(AddressMap.IOAPIC, 0x1000)),
            new Reserved("the local APICs", new BusRange(AddressMap.LOCAL_APIC, 0x1000)),
            // The page of KVM_SET_IDENTITY_MAP_ADDR's default lies below the TSS.
            new Reserved("pages of KVM's own", new BusRange(AddressMap.KVM_TSS - 0x1000, 0x4000)));

    private static final Map<Integer, String> INTERRUPTS = Map.of(0, "the interval timer", 1, "the keyboard", 2, "the interrupt controller", 3, "COM2",
            4, "COM1", 8, "the CMOS RTC", 9, "ACPI", 12, "the mouse");

    private GivenPlaces() {
    }

    /**
     * Checks them.
     *
     * @param memoryBytes the guest's RAM
     * @return their {@link #interrupts}
     * @throws ConfigException naming every device that cannot be where it is to be, and what is there
     */
    static Set<Integer> check(List<ExtraBusDevice> devices, long memoryBytes) throws ConfigException {
        if (devices.isEmpty()) {
            return Set.of();
        }
        Problems problems = new Problems();
        Map<Integer, String> interrupts = new TreeMap<>(INTERRUPTS);
        for (ExtraBusDevice device : devices) {
            checkRange(device, memoryBytes, problems);
            if (device.hasInterrupt()) {
                checkInterrupt(device, interrupts, problems);
            }
        }
        problems.throwIfAny();
        return interrupts(devices);
    }

    /** The interrupts that they have. */
    static Set<Integer> interrupts(List<ExtraBusDevice> devices) {
        return devices.stream().filter(ExtraBusDevice::hasInterrupt).map(ExtraBusDevice::interrupt).collect(Collectors.toSet());
    }

    private static void checkInterrupt(ExtraBusDevice device, Map<Integer, String> interrupts, Problems problems) {
        String said = device.title() + ": interrupt " + device.interrupt();
        problems.require(device.interrupt() >= 0 && device.interrupt() <= LAST_INTERRUPT, device.key(), said + " is not one of 0.." + LAST_INTERRUPT);
        String other = interrupts.putIfAbsent(device.interrupt(), device.title());
        problems.require(other == null, device.key(), said + " is that of " + other);
    }

    private static void checkRange(ExtraBusDevice device, long memoryBytes, Problems problems) {
        boolean isPort = device.bus() == Kind.PORTS;
        BusRange all = new BusRange(0, isPort ? PORTS : ADDRESSES);
        if (!all.contains(device.range().base(), device.range().length())) {
            problems.add(device.key(), device.title() + ": " + device.range() + " is not within the " + (isPort ? "ports " : "addresses ") + all);
            return;
        }
        for (Reserved reserved : isPort ? IN_KVM_PORTS : IN_MEMORY) {
            refuseOverlap(device, reserved.name(), reserved.range(), problems);
        }
        if (!isPort && memoryBytes > 0 && memoryBytes < ADDRESSES) {
            AddressMap.ramRegions(memoryBytes).forEach(region -> refuseOverlap(device, "RAM", new BusRange(region.gpa(), region.length()), problems));
        }
    }

    private static void refuseOverlap(ExtraBusDevice device, String other, BusRange range, Problems problems) {
        problems.require(!device.range().overlaps(range), device.key(), overlap(device, other + " at " + range));
    }

    /** @param other its name and place */
    static String overlap(ExtraBusDevice device, String other) {
        return device.title() + ": " + device.range() + " overlaps " + other;
    }
}
