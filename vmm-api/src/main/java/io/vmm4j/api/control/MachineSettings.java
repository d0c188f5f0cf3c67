package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.MachineUpdateBody;
import io.vmm4j.core.config.MachineConfig;

/**
 * {@code /machine-config}.
 *
 * @param vcpuCount       vCPUs
 * @param memSizeMib      RAM in MiB, 64 bits unsigned
 * @param smt             two threads a core
 * @param cpuTemplate     a static template's name, or {@code null}
 * @param trackDirtyPages for snapshots
 * @param hugePages       {@code None} or {@code 2M}
 */
record MachineSettings(int vcpuCount, long memSizeMib, boolean smt, String cpuTemplate, boolean trackDirtyPages, String hugePages) {

    static final MachineSettings DEFAULT = new MachineSettings(1, 128, false, null, false, "None");

    private static final int VCPUS_MAX = 32;
    private static final String HUGE = "2M";

    /** These with {@code change} made; all of it, or it is refused. */
    MachineSettings with(MachineUpdateBody change) throws ApiException {
        int vcpus = change.vcpuCount() == null ? vcpuCount : (int) (long) change.vcpuCount();
        boolean threads = change.smt() == null ? smt : change.smt();
        if (vcpus == 0 || vcpus > VCPUS_MAX || threads && vcpus > 1 && vcpus % 2 == 1) {
            throw refused("The number of vCPUs must be greater than 0, less than " + VCPUS_MAX
                    + " and must be 1 or an even number if SMT is enabled.");
        }
        long mebibytes = change.memSizeMib() == null ? memSizeMib : change.memSizeMib();
        String pages = change.hugePages() == null ? hugePages : change.hugePages();
        if (mebibytes == 0 || pages.equals(HUGE) && mebibytes % 2 != 0) {
            throw refused("The memory size (MiB) is either 0, or not a multiple of the configured page size.");
        }
        String template = change.cpuTemplate() == null ? cpuTemplate : change.cpuTemplate().equals("None") ? null : change.cpuTemplate();
        return new MachineSettings(vcpus, mebibytes, threads, template,
                change.trackDirtyPages() == null ? trackDirtyPages : change.trackDirtyPages(), pages);
    }

    /** These without a static template. */
    MachineSettings withoutTemplate() {
        return new MachineSettings(vcpuCount, memSizeMib, smt, null, trackDirtyPages, hugePages);
    }

    static ApiException refused(String why) {
        return new ApiException("Machine config error: " + why);
    }

    /** As the machine takes them. */
    MachineConfig toConfig() {
        MachineConfig.HugePages pages = hugePages.equals(HUGE) ? MachineConfig.HugePages.TWO_MIB : MachineConfig.HugePages.NONE;
        MachineConfig.CpuTemplate template = cpuTemplate == null ? null : MachineConfig.CpuTemplate.valueOf(cpuTemplate);
        // Nothing here adds devices to a machine that runs.
        return new MachineConfig(vcpuCount, null, memSizeMib, null, null, null, null, null, null, null, null, null, null, smt, null, pages,
                template, 0);
    }

    void writeFields(JsonText json) {
        json.field("vcpu_count", (long) vcpuCount);
        json.field("mem_size_mib", memSizeMib);
        json.field("smt", smt);
        if (cpuTemplate != null) {
            json.field("cpu_template", cpuTemplate);
        }
        json.field("track_dirty_pages", trackDirtyPages);
        json.field("huge_pages", hugePages);
    }
}
