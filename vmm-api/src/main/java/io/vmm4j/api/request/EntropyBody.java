package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PUT /entropy}.
 *
 * @param rateLimiter its limits, or {@code null}
 */
public record EntropyBody(RateLimiterBody rateLimiter) {

    /** How it is written. */
    public static final Struct<EntropyBody> SHAPE = new Struct<>("EntropyDeviceConfig", true,
            Field.of("rate_limiter", Shapes.optional(RateLimiterBody.SHAPE))) {
        @Override
        protected EntropyBody build(Values values) {
            return new EntropyBody(values.get("rate_limiter"));
        }
    };
}
