package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PUT /network-interfaces/ID}.
 *
 * @param ifaceId its id
 * @param hostDevName the tap
 * @param guestMac six fields in lower case, or {@code null}
 * @param mtu or {@code null}
 * @param rxRateLimiter limits of frames for the guest, or {@code null}
 * @param txRateLimiter limits of frames from the guest, or {@code null}
 */
public record NetworkBody(String ifaceId, String hostDevName, String guestMac, Long mtu, RateLimiterBody rxRateLimiter,
        RateLimiterBody txRateLimiter) {

    /** How it is written. */
    public static final Struct<NetworkBody> SHAPE = new Struct<>("NetworkInterfaceConfig", true,
            Field.of("iface_id", Shapes.STRING),
            Field.of("host_dev_name", Shapes.STRING),
            Field.of("guest_mac", Shapes.optional(TextForms.MAC)),
            Field.of("mtu", Shapes.optional(Shapes.U16)),
            Field.of("rx_rate_limiter", Shapes.optional(RateLimiterBody.SHAPE)),
            Field.of("tx_rate_limiter", Shapes.optional(RateLimiterBody.SHAPE))) {
        @Override
        protected NetworkBody build(Values values) {
            return new NetworkBody(values.get("iface_id"), values.get("host_dev_name"), values.get("guest_mac"),
                    values.get("mtu"), values.get("rx_rate_limiter"), values.get("tx_rate_limiter"));
        }
    };
}
