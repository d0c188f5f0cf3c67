package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * Another tap for an interface of a snapshot.
 *
 * @param ifaceId its id
 * @param hostDevName the tap
 */
public record NetworkOverrideBody(String ifaceId, String hostDevName) {

    /** How it is written. */
    public static final Struct<NetworkOverrideBody> SHAPE = new Struct<>("NetworkOverride", false,
            Field.of("iface_id", Shapes.STRING),
            Field.of("host_dev_name", Shapes.STRING)) {
        @Override
        protected NetworkOverrideBody build(Values values) {
            return new NetworkOverrideBody(values.get("iface_id"), values.get("host_dev_name"));
        }
    };
}
