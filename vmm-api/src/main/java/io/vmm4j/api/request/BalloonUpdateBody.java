package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PATCH /balloon}.
 *
 * @param amountMib 32 bits
 */
public record BalloonUpdateBody(Long amountMib) {

    /** How it is written. */
    public static final Struct<BalloonUpdateBody> SHAPE = new Struct<>("BalloonUpdateConfig", true,
            Field.of("amount_mib", Shapes.U32)) {
        @Override
        protected BalloonUpdateBody build(Values values) {
            return new BalloonUpdateBody(values.get("amount_mib"));
        }
    };
}
