package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * Another socket for a snapshot.
 *
 * @param udsPath its path
 */
public record VsockOverrideBody(String udsPath) {

    /** How it is written. */
    public static final Struct<VsockOverrideBody> SHAPE = new Struct<>("VsockOverride", false,
            Field.of("uds_path", Shapes.STRING)) {
        @Override
        protected VsockOverrideBody build(Values values) {
            return new VsockOverrideBody(values.get("uds_path"));
        }
    };
}
