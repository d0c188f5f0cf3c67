package io.vmm4j.core.machine;

import io.vmm4j.core.acpi.AcpiPorts;
import io.vmm4j.core.layout.VirtioMmioSlot;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Which window and which interrupt line each virtio device gets: known before any device exists, as the kernel's arguments need it. */
final class VirtioPlan {

    private static final int FIRST_GSI = 5;
    private static final int LAST_GSI = 23;
    /** IRQ 8 of every PC. */
    private static final int CMOS_RTC_GSI = 8;

    /** IRQ 12 of every PC. */
    private static final int MOUSE_GSI = 12;

    /** Others' lines; edges cannot be shared. */
    private static final Set<Integer> TAKEN = Set.of(CMOS_RTC_GSI, AcpiPorts.EVENTS_GSI, MOUSE_GSI);

    /** As many devices as there are lines. */
    static final int MAX_DEVICES = LAST_GSI - FIRST_GSI + 1 - TAKEN.size();

    /** Spare windows of a machine that does not say how many it wants. */
    static final int SPARE_DEVICES = 4;

    private VirtioPlan() {
    }

    /** How many devices there are lines for when others have {@code given}. */
    static int limit(Set<Integer> given) {
        return MAX_DEVICES - (int) given.stream().filter(gsi -> gsi >= FIRST_GSI && gsi <= LAST_GSI && !TAKEN.contains(gsi)).count();
    }

    /** {@link #slots(int, Set)} with no lines given away. */
    static List<VirtioMmioSlot> slots(int devices) {
        return slots(devices, Set.of());
    }

    /** {@link #spares(int, Integer, Set)} with no lines given away. */
    static List<HotSlot> spares(int devices, Integer wanted) {
        return spares(devices, wanted, Set.of());
    }

    /**
     * The windows behind those of {@code devices} devices, for others that come later.
     *
     * @param wanted how many, or {@code null} for {@link #SPARE_DEVICES} as far as there are lines
     * @param given  lines of devices that are no virtio devices
     */
    static List<HotSlot> spares(int devices, Integer wanted, Set<Integer> given) {
        int spares = wanted == null ? Math.min(SPARE_DEVICES, limit(given) - devices) : wanted;
        List<VirtioMmioSlot> windows = slots(devices + spares, given).subList(devices, devices + spares);
        List<HotSlot> slots = new ArrayList<>();
        windows.forEach(window -> slots.add(new HotSlot(slots.size(), window)));
        return slots;
    }

    /**
     * The slots of {@code devices} devices, in order: lines from the lowest up, without the clock's, ACPI's and the mouse's.
     *
     * @param devices 0 to {@link #limit}
     * @param given   lines of devices that are no virtio devices
     */
    static List<VirtioMmioSlot> slots(int devices, Set<Integer> given) {
        List<VirtioMmioSlot> slots = new ArrayList<>();
        for (int gsi = FIRST_GSI; slots.size() < devices; gsi++) {
            if (gsi > LAST_GSI) {
                throw new IllegalArgumentException(devices + " virtio devices are above " + limit(given));
            }
            if (!TAKEN.contains(gsi) && !given.contains(gsi)) {
                slots.add(VirtioMmioSlot.of(slots.size(), gsi));
            }
        }
        return slots;
    }
}
