package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PUT /pmem/ID}.
 *
 * @param id its id
 * @param pathOnHost the file
 * @param rootDevice whether the guest boots from it
 * @param readOnly whether the guest may only read
 * @param rateLimiter its limits, or {@code null}
 */
public record PmemBody(String id, String pathOnHost, Boolean rootDevice, Boolean readOnly, RateLimiterBody rateLimiter) {

    /** How it is written. */
    public static final Struct<PmemBody> SHAPE = new Struct<>("PmemConfig", true,
            Field.of("id", Shapes.STRING),
            Field.of("path_on_host", Shapes.STRING),
            Field.withDefault("root_device", Shapes.BOOL, false),
            Field.withDefault("read_only", Shapes.BOOL, false),
            Field.of("rate_limiter", Shapes.optional(RateLimiterBody.SHAPE))) {
        @Override
        protected PmemBody build(Values values) {
            return new PmemBody(values.get("id"), values.get("path_on_host"), values.get("root_device"),
                    values.get("read_only"), values.get("rate_limiter"));
        }
    };
}
