package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;
import java.util.List;

/**
 * {@code PUT /mmds/config}.
 *
 * @param version {@code V1} or {@code V2}
 * @param networkInterfaces ids
 * @param ipv4Address or {@code null}
 * @param imdsCompat whether answers are always text
 */
public record MmdsConfigBody(String version, List<String> networkInterfaces, String ipv4Address, Boolean imdsCompat) {

    /** How it is written. */
    public static final Struct<MmdsConfigBody> SHAPE = new Struct<>("MmdsConfig", true,
            Field.withDefault("version", Choices.MMDS_VERSION, "V1"),
            Field.of("network_interfaces", Shapes.list(Shapes.STRING)),
            Field.of("ipv4_address", Shapes.optional(Shapes.IPV4)),
            Field.withDefault("imds_compat", Shapes.BOOL, false)) {
        @Override
        protected MmdsConfigBody build(Values values) {
            return new MmdsConfigBody(values.get("version"), values.get("network_interfaces"), values.get("ipv4_address"),
                    values.get("imds_compat"));
        }
    };
}
