package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * The limits of a device; an absent one is none, or stays as it is.
 *
 * @param bandwidth bytes, or {@code null}
 * @param ops operations, or {@code null}
 */
public record RateLimiterBody(TokenBucketBody bandwidth, TokenBucketBody ops) {

    /** How it is written. */
    public static final Struct<RateLimiterBody> SHAPE = new Struct<>("RateLimiterConfig", true,
            Field.of("bandwidth", Shapes.optional(TokenBucketBody.SHAPE)),
            Field.of("ops", Shapes.optional(TokenBucketBody.SHAPE))) {
        @Override
        protected RateLimiterBody build(Values values) {
            return new RateLimiterBody(values.get("bandwidth"), values.get("ops"));
        }
    };
}
