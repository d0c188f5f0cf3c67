package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PUT /balloon}.
 *
 * @param amountMib 32 bits
 * @param deflateOnOom whether the guest may take memory back
 * @param statsPollingIntervalS seconds, 0 = none
 * @param freePageHinting whether free pages can be asked for
 * @param freePageReporting whether the guest gives free pages back by itself
 */
public record BalloonBody(Long amountMib, Boolean deflateOnOom, Long statsPollingIntervalS, Boolean freePageHinting,
        Boolean freePageReporting) {

    /** How it is written. */
    public static final Struct<BalloonBody> SHAPE = new Struct<>("BalloonDeviceConfig", true,
            Field.of("amount_mib", Shapes.U32),
            Field.of("deflate_on_oom", Shapes.BOOL),
            Field.withDefault("stats_polling_interval_s", Shapes.U16, 0L),
            Field.withDefault("free_page_hinting", Shapes.BOOL, false),
            Field.withDefault("free_page_reporting", Shapes.BOOL, false)) {
        @Override
        protected BalloonBody build(Values values) {
            return new BalloonBody(values.get("amount_mib"), values.get("deflate_on_oom"),
                    values.get("stats_polling_interval_s"), values.get("free_page_hinting"),
                    values.get("free_page_reporting"));
        }
    };
}
