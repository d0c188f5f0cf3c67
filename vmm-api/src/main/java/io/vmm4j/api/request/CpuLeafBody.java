package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;
import java.util.List;

/**
 * Changes to a CPUID leaf.
 *
 * @param leaf its number, 32 bits
 * @param subleaf its number, 32 bits
 * @param flags 32 bits
 * @param modifiers of its registers
 */
public record CpuLeafBody(Long leaf, Long subleaf, Long flags, List<CpuRegisterBody> modifiers) {

    /** How it is written. */
    public static final Struct<CpuLeafBody> SHAPE = new Struct<>("CpuidLeafModifier", false,
            Field.of("leaf", TextForms.NUMBER_32),
            Field.of("subleaf", TextForms.NUMBER_32),
            Field.of("flags", Shapes.U32),
            Field.of("modifiers", Shapes.list(CpuRegisterBody.SHAPE))) {
        @Override
        protected CpuLeafBody build(Values values) {
            return new CpuLeafBody(values.get("leaf"), values.get("subleaf"), values.get("flags"), values.get("modifiers"));
        }
    };
}
