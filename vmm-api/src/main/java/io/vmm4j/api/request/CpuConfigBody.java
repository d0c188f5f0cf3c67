package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;
import java.util.List;

/**
 * {@code PUT /cpu-config}.
 *
 * @param kvmCapabilities numbers, with {@code !} before those that are not needed
 * @param cpuidModifiers changes to leaves
 * @param msrModifiers changes to registers
 */
public record CpuConfigBody(List<String> kvmCapabilities, List<CpuLeafBody> cpuidModifiers, List<CpuMsrBody> msrModifiers) {

    /** How it is written. */
    public static final Struct<CpuConfigBody> SHAPE = new Struct<>("CustomCpuTemplate", true,
            Field.withDefault("kvm_capabilities", Shapes.list(TextForms.CAPABILITY), List.of()),
            Field.withDefault("cpuid_modifiers", Shapes.list(CpuLeafBody.SHAPE), List.of()),
            Field.withDefault("msr_modifiers", Shapes.list(CpuMsrBody.SHAPE), List.of())) {
        @Override
        protected CpuConfigBody build(Values values) {
            return new CpuConfigBody(values.get("kvm_capabilities"), values.get("cpuid_modifiers"), values.get("msr_modifiers"));
        }
    };
}
