package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * Changes to a model-specific register.
 *
 * @param addr its number, 32 bits
 * @param bitmap as written
 */
public record CpuMsrBody(Long addr, String bitmap) {

    /** How it is written. */
    public static final Struct<CpuMsrBody> SHAPE = new Struct<>("RegisterModifier", false,
            Field.of("addr", TextForms.NUMBER_32),
            Field.of("bitmap", TextForms.BITMAP_64)) {
        @Override
        protected CpuMsrBody build(Values values) {
            return new CpuMsrBody(values.get("addr"), values.get("bitmap"));
        }
    };
}
