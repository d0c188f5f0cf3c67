package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PUT /drives/ID}.
 *
 * @param driveId its id
 * @param partuuid the partition to boot, or {@code null}
 * @param isRootDevice whether the guest boots from it
 * @param cacheType {@code Unsafe} or {@code Writeback}
 * @param isReadOnly or {@code null}
 * @param pathOnHost the image, or {@code null}
 * @param rateLimiter its limits, or {@code null}
 * @param ioEngine {@code Sync} or {@code Async}, or {@code null}
 * @param socket of a vhost-user back end, or {@code null}
 */
public record DriveBody(String driveId, String partuuid, Boolean isRootDevice, String cacheType, Boolean isReadOnly,
        String pathOnHost,
        RateLimiterBody rateLimiter, String ioEngine, String socket) {

    /** How it is written. */
    public static final Struct<DriveBody> SHAPE = new Struct<>("BlockDeviceConfig", true,
            Field.of("drive_id", Shapes.STRING),
            Field.of("partuuid", Shapes.optional(Shapes.STRING)),
            Field.of("is_root_device", Shapes.BOOL),
            Field.withDefault("cache_type", Choices.CACHE_TYPE, "Unsafe"),
            Field.of("is_read_only", Shapes.optional(Shapes.BOOL)),
            Field.of("path_on_host", Shapes.optional(Shapes.STRING)),
            Field.of("rate_limiter", Shapes.optional(RateLimiterBody.SHAPE)),
            Field.of("io_engine", Shapes.optional(Choices.IO_ENGINE)),
            Field.of("socket", Shapes.optional(Shapes.STRING))) {
        @Override
        protected DriveBody build(Values values) {
            return new DriveBody(values.get("drive_id"), values.get("partuuid"), values.get("is_root_device"),
                    values.get("cache_type"), values.get("is_read_only"), values.get("path_on_host"),
                    values.get("rate_limiter"), values.get("io_engine"), values.get("socket"));
        }
    };
}
