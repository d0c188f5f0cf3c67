package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PATCH /balloon/statistics}.
 *
 * @param statsPollingIntervalS seconds
 */
public record BalloonStatsUpdateBody(Long statsPollingIntervalS) {

    /** How it is written. */
    public static final Struct<BalloonStatsUpdateBody> SHAPE = new Struct<>("BalloonUpdateStatsConfig", true,
            Field.of("stats_polling_interval_s", Shapes.U16)) {
        @Override
        protected BalloonStatsUpdateBody build(Values values) {
            return new BalloonStatsUpdateBody(values.get("stats_polling_interval_s"));
        }
    };
}
