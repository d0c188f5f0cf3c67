package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PUT /vsock}.
 *
 * @param vsockId without effect; or {@code null}
 * @param guestCid 32 bits
 * @param udsPath the socket to make
 */
public record VsockBody(String vsockId, Long guestCid, String udsPath) {

    /** How it is written. */
    public static final Struct<VsockBody> SHAPE = new Struct<>("VsockDeviceConfig", true,
            Field.withDefault("vsock_id", Shapes.optional(Shapes.STRING), null),
            Field.of("guest_cid", Shapes.U32),
            Field.of("uds_path", Shapes.STRING)) {
        @Override
        protected VsockBody build(Values values) {
            return new VsockBody(values.get("vsock_id"), values.get("guest_cid"), values.get("uds_path"));
        }
    };
}
