package io.vmm4j.core.snapshot.file;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a guest's RAM lies in guest-physical address space, and in a memory file: region by region in ascending order of both, without gaps in
 * the file.
 *
 * @param regions 1 to {@value #MAX_REGIONS}
 */
public record MemoryLayout(List<Region> regions) {

    static final int MAX_REGIONS = 64;
    /** 64 TiB. */
    static final long MAX_SIZE = 1L << 46;
    private static final long MAX_GPA = 1L << 52;

    /**
     * One piece.
     *
     * @param gpa  its first guest-physical byte address, in whole pages
     * @param size in bytes, whole pages, above 0
     */
    public record Region(long gpa, long size) {

        public Region {
            if (gpa < 0 || gpa > MAX_GPA || size <= 0 || size > MAX_SIZE || ((gpa | size) & PageSet.PAGE_SIZE - 1) != 0) {
                throw new IllegalArgumentException("a region of " + size + " bytes at 0x" + Long.toHexString(gpa));
            }
        }
    }

    public MemoryLayout {
        regions = List.copyOf(regions);
        if (regions.isEmpty() || regions.size() > MAX_REGIONS) {
            throw new IllegalArgumentException(regions.size() + " regions are not 1 to " + MAX_REGIONS);
        }
        long end = 0;
        long total = 0;
        for (Region region : regions) {
            if (region.gpa < end) {
                throw new IllegalArgumentException("regions that overlap or are out of order at 0x" + Long.toHexString(region.gpa));
            }
            end = region.gpa + region.size;
            total += region.size;
        }
        if (total > MAX_SIZE) {
            throw new IllegalArgumentException(total + " bytes are more than " + MAX_SIZE);
        }
    }

    /** Bytes in all. */
    public long size() {
        return offset(regions.size());
    }

    /** Pages in all. */
    public long pages() {
        return size() >>> PageSet.PAGE_SHIFT;
    }

    /** Where region {@code index} begins in a memory file, in bytes; for the number of regions, the end. */
    public long offset(int index) {
        long offset = 0;
        // No stream: a restore in a new JVM would first have its lambda made.
        for (Region region : regions.subList(0, index)) {
            offset += region.size;
        }
        return offset;
    }

    List<State> save() {
        return regions.stream().map(region -> State.builder().put("gpa", region.gpa).put("size", region.size).build()).toList();
    }

    static MemoryLayout restore(List<State> states) throws StateException {
        List<Region> regions = new ArrayList<>();
        try {
            for (State each : states) {
                regions.add(new Region(each.bits("gpa"), each.bits("size")));
            }
            return new MemoryLayout(regions);
        } catch (IllegalArgumentException e) {
            throw new StateException("regions: " + e.getMessage());
        }
    }
}
