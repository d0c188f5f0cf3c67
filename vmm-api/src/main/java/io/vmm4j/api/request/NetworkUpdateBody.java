package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PATCH /network-interfaces/ID}; what is {@code null} stays as it is.
 *
 * @param ifaceId its id
 * @param rxRateLimiter limits of frames for the guest
 * @param txRateLimiter limits of frames from the guest
 */
public record NetworkUpdateBody(String ifaceId, RateLimiterBody rxRateLimiter, RateLimiterBody txRateLimiter) {

    /** How it is written. */
    public static final Struct<NetworkUpdateBody> SHAPE = new Struct<>("NetworkInterfaceUpdateConfig", true,
            Field.of("iface_id", Shapes.STRING),
            Field.of("rx_rate_limiter", Shapes.optional(RateLimiterBody.SHAPE)),
            Field.of("tx_rate_limiter", Shapes.optional(RateLimiterBody.SHAPE))) {
        @Override
        protected NetworkUpdateBody build(Values values) {
            return new NetworkUpdateBody(values.get("iface_id"), values.get("rx_rate_limiter"), values.get("tx_rate_limiter"));
        }
    };
}
