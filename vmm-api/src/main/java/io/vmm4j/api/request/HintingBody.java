package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PATCH /balloon/hinting/start}.
 *
 * @param acknowledgeOnStop whether the guest may use the pages again by itself
 */
public record HintingBody(Boolean acknowledgeOnStop) {

    /** How it is written. */
    public static final Struct<HintingBody> SHAPE = new Struct<>("StartHintingCmd", false,
            Field.withDefault("acknowledge_on_stop", Shapes.BOOL, true)) {
        @Override
        protected HintingBody build(Values values) {
            return new HintingBody(values.get("acknowledge_on_stop"));
        }
    };
}
