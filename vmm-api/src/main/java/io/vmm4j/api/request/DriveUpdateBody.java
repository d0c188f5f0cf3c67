package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PATCH /drives/ID}; what is {@code null} stays as it is.
 *
 * @param driveId its id
 * @param pathOnHost another image
 * @param rateLimiter other limits
 */
public record DriveUpdateBody(String driveId, String pathOnHost, RateLimiterBody rateLimiter) {

    /** How it is written. */
    public static final Struct<DriveUpdateBody> SHAPE = new Struct<>("BlockDeviceUpdateConfig", true,
            Field.of("drive_id", Shapes.STRING),
            Field.of("path_on_host", Shapes.optional(Shapes.STRING)),
            Field.of("rate_limiter", Shapes.optional(RateLimiterBody.SHAPE))) {
        @Override
        protected DriveUpdateBody build(Values values) {
            return new DriveUpdateBody(values.get("drive_id"), values.get("path_on_host"), values.get("rate_limiter"));
        }
    };
}
