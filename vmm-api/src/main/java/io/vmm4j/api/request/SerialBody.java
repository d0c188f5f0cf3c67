package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PUT /serial}.
 *
 * @param serialOutPath a file or a FIFO, or {@code null}
 * @param rateLimiter of the bytes put out, or {@code null}
 */
public record SerialBody(String serialOutPath, TokenBucketBody rateLimiter) {

    /** How it is written. */
    public static final Struct<SerialBody> SHAPE = new Struct<>("SerialConfig", true,
            Field.of("serial_out_path", Shapes.optional(Shapes.PATH)),
            Field.of("rate_limiter", Shapes.optional(TokenBucketBody.SHAPE))) {
        @Override
        protected SerialBody build(Values values) {
            return new SerialBody(values.get("serial_out_path"), values.get("rate_limiter"));
        }
    };
}
