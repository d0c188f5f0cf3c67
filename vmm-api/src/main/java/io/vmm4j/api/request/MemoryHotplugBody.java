package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PUT /hotplug/memory}.
 *
 * @param totalSizeMib 64 bits unsigned
 * @param blockSizeMib 64 bits unsigned
 * @param slotSizeMib 64 bits unsigned
 */
public record MemoryHotplugBody(Long totalSizeMib, Long blockSizeMib, Long slotSizeMib) {

    /** How it is written. */
    public static final Struct<MemoryHotplugBody> SHAPE = new Struct<>("MemoryHotplugConfig", true,
            Field.of("total_size_mib", Shapes.USIZE),
            Field.withDefault("block_size_mib", Shapes.USIZE, 2L),
            Field.withDefault("slot_size_mib", Shapes.USIZE, 128L)) {
        @Override
        protected MemoryHotplugBody build(Values values) {
            return new MemoryHotplugBody(values.get("total_size_mib"), values.get("block_size_mib"), values.get("slot_size_mib"));
        }
    };
}
