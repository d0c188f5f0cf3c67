package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * Changes to a register of a CPUID leaf.
 *
 * @param register {@code eax} to {@code edx}
 * @param bitmap as written
 */
public record CpuRegisterBody(String register, String bitmap) {

    /** How it is written. */
    public static final Struct<CpuRegisterBody> SHAPE = new Struct<>("CpuidRegisterModifier", false,
            Field.of("register", TextForms.REGISTER),
            Field.of("bitmap", TextForms.BITMAP_32)) {
        @Override
        protected CpuRegisterBody build(Values values) {
            return new CpuRegisterBody(values.get("register"), values.get("bitmap"));
        }
    };
}
