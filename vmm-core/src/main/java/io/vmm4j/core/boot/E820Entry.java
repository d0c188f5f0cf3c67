package io.vmm4j.core.boot;

import io.vmm4j.core.layout.AddressMap;
import java.util.ArrayList;
import java.util.List;

/**
 * A range of the memory map that firmware hands to the kernel (ACPI 6.5, section 15).
 *
 * @param gpa    first byte
 * @param length bytes
 * @param type   {@link #RAM} or {@link #RESERVED}
 */
public record E820Entry(long gpa, long length, int type) {

    /** AddressRangeMemory: usable. */
    public static final int RAM = 1;
    /** AddressRangeReserved: not to be used. */
    public static final int RESERVED = 2;

    /** The memory map of a machine: RAM, but for the firmware tables below 1 MiB. */
    public static List<E820Entry> of(long memoryBytes) {
        List<E820Entry> map = new ArrayList<>();
        map.add(new E820Entry(0, AddressMap.FIRMWARE_TABLES, RAM));
        map.add(new E820Entry(AddressMap.FIRMWARE_TABLES, AddressMap.HIGH_RAM - AddressMap.FIRMWARE_TABLES, RESERVED));
        for (AddressMap.RamRegion region : AddressMap.ramRegions(memoryBytes)) {
            long start = Math.max(region.gpa(), AddressMap.HIGH_RAM);
            if (region.end() > start) {
                map.add(new E820Entry(start, region.end() - start, RAM));
            }
        }
        return map;
    }
}
