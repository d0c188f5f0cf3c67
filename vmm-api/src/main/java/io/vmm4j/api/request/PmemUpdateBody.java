package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PATCH /pmem/ID}.
 *
 * @param id its id
 * @param rateLimiter other limits, or {@code null}
 */
public record PmemUpdateBody(String id, RateLimiterBody rateLimiter) {

    /** How it is written. */
    public static final Struct<PmemUpdateBody> SHAPE = new Struct<>("PmemDeviceUpdateConfig", true,
            Field.of("id", Shapes.STRING),
            Field.of("rate_limiter", Shapes.optional(RateLimiterBody.SHAPE))) {
        @Override
        protected PmemUpdateBody build(Values values) {
            return new PmemUpdateBody(values.get("id"), values.get("rate_limiter"));
        }
    };
}
