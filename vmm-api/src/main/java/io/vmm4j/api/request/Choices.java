package io.vmm4j.api.request;

import io.vmm4j.core.json.Choice;

/** The fields that are one of some names, which stand for themselves. */
final class Choices {

    static final Choice<String> ACTION = of("FlushMetrics", "InstanceStart", "SendCtrlAltDel");
    static final Choice<String> CACHE_TYPE = of("Unsafe", "Writeback");
    static final Choice<String> IO_ENGINE = of("Async", "Sync");
    static final Choice<String> HUGE_PAGES = of("None", "2M");
    static final Choice<String> CPU_TEMPLATE = of("C3", "T2", "T2S", "None", "T2CL", "T2A");
    static final Choice<String> VM_STATE = of("Paused", "Resumed");
    static final Choice<String> SNAPSHOT_TYPE = of("Diff", "Full");
    static final Choice<String> MEM_BACKEND = of("File", "Uffd");
    static final Choice<String> MMDS_VERSION = of("V1", "V2");

    private Choices() {
    }

    private static Choice<String> of(String... names) {
        return new Choice<>(names, names);
    }
}
