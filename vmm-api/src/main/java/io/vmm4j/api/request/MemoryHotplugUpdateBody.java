package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PATCH /hotplug/memory}.
 *
 * @param requestedSizeMib 64 bits unsigned
 */
public record MemoryHotplugUpdateBody(Long requestedSizeMib) {

    /** How it is written. */
    public static final Struct<MemoryHotplugUpdateBody> SHAPE = new Struct<>("MemoryHotplugSizeUpdate", true,
            Field.of("requested_size_mib", Shapes.USIZE)) {
        @Override
        protected MemoryHotplugUpdateBody build(Values values) {
            return new MemoryHotplugUpdateBody(values.get("requested_size_mib"));
        }
    };
}
