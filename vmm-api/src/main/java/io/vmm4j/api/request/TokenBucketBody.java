package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * A limit.
 *
 * @param size tokens the bucket holds, 64 bits unsigned
 * @param oneTimeBurst tokens on top, once; or {@code null}
 * @param refillTime milliseconds, 64 bits unsigned
 */
public record TokenBucketBody(Long size, Long oneTimeBurst, Long refillTime) {

    /** How it is written. */
    public static final Struct<TokenBucketBody> SHAPE = new Struct<>("TokenBucketConfig", false,
            Field.of("size", Shapes.U64),
            Field.of("one_time_burst", Shapes.optional(Shapes.U64)),
            Field.of("refill_time", Shapes.U64)) {
        @Override
        protected TokenBucketBody build(Values values) {
            return new TokenBucketBody(values.get("size"), values.get("one_time_burst"), values.get("refill_time"));
        }
    };
}
