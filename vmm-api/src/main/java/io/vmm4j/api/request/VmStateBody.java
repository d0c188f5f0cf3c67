package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PATCH /vm}.
 *
 * @param state {@code Paused} or {@code Resumed}
 */
public record VmStateBody(String state) {

    /** How it is written. */
    public static final Struct<VmStateBody> SHAPE = new Struct<>("Vm", true,
            Field.of("state", Choices.VM_STATE)) {
        @Override
        protected VmStateBody build(Values values) {
            return new VmStateBody(values.get("state"));
        }
    };
}
