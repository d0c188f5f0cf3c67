package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PUT /actions}.
 *
 * @param actionType {@code FlushMetrics}, {@code InstanceStart} or {@code SendCtrlAltDel}
 */
public record ActionBody(String actionType) {

    /** How it is written. */
    public static final Struct<ActionBody> SHAPE = new Struct<>("ActionBody", true,
            Field.of("action_type", Choices.ACTION)) {
        @Override
        protected ActionBody build(Values values) {
            return new ActionBody(values.get("action_type"));
        }
    };
}
