package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PATCH /machine-config}; what is {@code null} stays as it is.
 *
 * @param vcpuCount vCPUs
 * @param memSizeMib RAM in MiB, 64 bits unsigned
 * @param smt two threads a core
 * @param cpuTemplate a static template's name
 * @param trackDirtyPages for snapshots
 * @param hugePages {@code None} or {@code 2M}
 */
public record MachineUpdateBody(Long vcpuCount, Long memSizeMib, Boolean smt, String cpuTemplate,
        Boolean trackDirtyPages, String hugePages) {

    /** How it is written. */
    public static final Struct<MachineUpdateBody> SHAPE = new Struct<>("MachineConfigUpdate", true,
            Field.withDefault("vcpu_count", Shapes.optional(Shapes.U8), null),
            Field.withDefault("mem_size_mib", Shapes.optional(Shapes.USIZE), null),
            Field.withDefault("smt", Shapes.optional(Shapes.BOOL), null),
            Field.withDefault("cpu_template", Shapes.optional(Choices.CPU_TEMPLATE), null),
            Field.withDefault("track_dirty_pages", Shapes.optional(Shapes.BOOL), null),
            Field.withDefault("huge_pages", Shapes.optional(Choices.HUGE_PAGES), null)) {
        @Override
        protected MachineUpdateBody build(Values values) {
            return new MachineUpdateBody(values.get("vcpu_count"), values.get("mem_size_mib"), values.get("smt"),
                    values.get("cpu_template"), values.get("track_dirty_pages"), values.get("huge_pages"));
        }
    };

    /** Whether it changes nothing. */
    public boolean isEmpty() {
        return vcpuCount == null && memSizeMib == null && smt == null && cpuTemplate == null
                && trackDirtyPages == null && hugePages == null;
    }
}
