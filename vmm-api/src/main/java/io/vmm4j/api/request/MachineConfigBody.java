package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PUT /machine-config}.
 *
 * @param vcpuCount vCPUs
 * @param memSizeMib RAM in MiB, 64 bits unsigned
 * @param smt two threads a core
 * @param cpuTemplate a static template's name, or {@code null}
 * @param trackDirtyPages for snapshots
 * @param hugePages {@code None} or {@code 2M}
 */
public record MachineConfigBody(Long vcpuCount, Long memSizeMib, Boolean smt, String cpuTemplate,
        Boolean trackDirtyPages, String hugePages) {

    /** How it is written. */
    public static final Struct<MachineConfigBody> SHAPE = new Struct<>("MachineConfig", true,
            Field.of("vcpu_count", Shapes.U8),
            Field.of("mem_size_mib", Shapes.USIZE),
            Field.withDefault("smt", Shapes.BOOL, false),
            Field.withDefault("cpu_template", Shapes.optional(Choices.CPU_TEMPLATE), null),
            Field.withDefault("track_dirty_pages", Shapes.BOOL, false),
            Field.withDefault("huge_pages", Choices.HUGE_PAGES, "None")) {
        @Override
        protected MachineConfigBody build(Values values) {
            return new MachineConfigBody(values.get("vcpu_count"), values.get("mem_size_mib"), values.get("smt"),
                    values.get("cpu_template"), values.get("track_dirty_pages"), values.get("huge_pages"));
        }
    };

    /** The same as a change of all of it. */
    public MachineUpdateBody asUpdate() {
        return new MachineUpdateBody(vcpuCount, memSizeMib, smt, cpuTemplate, trackDirtyPages, hugePages);
    }
}
