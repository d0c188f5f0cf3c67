package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.vmm4j.core.cpu.CpuTopology;
import io.vmm4j.core.memo.Memo;
import java.util.Objects;
import java.util.Optional;

/**
 * Processors and memory ({@code machine-config}). Absent fields take their defaults.
 *
 * @param vcpuCount      vCPUs at start, at least 1; default 1
 * @param maxVcpuCount   vCPUs the machine can grow to, at least {@code vcpuCount}; default {@code vcpuCount}
 * @param memSizeMib     guest RAM in MiB, at least 1; default 128
 * @param threadsPerCore hardware threads a core; default 1
 * @param coresPerDie    cores a die; default 1
 * @param diesPerSocket  dies a socket; default 1
 * @param sockets        sockets; default 1
 * @param memType        where guest RAM comes from, a name of {@link MemoryType}; default {@code shmem}
 * @param memFilePath    directory whose file system holds guest RAM in an unnamed file; default empty: a memfd
 * @param vpmuLevel      performance counters the guest sees: 0 none, 1 cycles and instructions, 2 all; default 0
 * @param cpuPm          whether the guest may idle without exits; default false
 * @param memPrefault    whether all of guest RAM is brought in before the guest starts; default false
 * @param memCoreDump    whether guest RAM is part of a core dump of this process; default false
 * @param smt            Firecracker's word for two threads a core: where nothing else of the topology is said, one socket of
 *                       such cores, with 1 vCPU or an even number; default false, which asks for nothing
 * @param trackDirtyPages whether KVM keeps account of the pages that are written to: without effect
 * @param hugePages      Firecracker's word for some of the memory types; {@code null} or {@link HugePages#NONE} = as
 *                       {@code memType} says
 * @param cpuTemplate    one of Firecracker's {@linkplain CpuTemplates changes to CPUs}, which {@code cpu-config} takes the place of;
 *                       default {@link CpuTemplate#None}
 * @param spareDevices   drives and network interfaces that the running machine can be given, 0 or more; {@code null} = a few, as
 *                       far as there are places
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MachineConfig(
        @JsonProperty("vcpu_count") Integer vcpuCount,
        @JsonProperty("max_vcpu_count") Integer maxVcpuCount,
        @JsonProperty("mem_size_mib") Long memSizeMib,
        @JsonProperty("threads_per_core") Integer threadsPerCore,
        @JsonProperty("cores_per_die") Integer coresPerDie,
        @JsonProperty("dies_per_socket") Integer diesPerSocket,
        @JsonProperty("sockets") Integer sockets,
        @JsonProperty("mem_type") String memType,
        @JsonProperty("mem_file_path") String memFilePath,
        @JsonProperty("vpmu_level") Integer vpmuLevel,
        @JsonProperty("cpu_pm") Boolean cpuPm,
        @JsonProperty("mem_prefault") Boolean memPrefault,
        @JsonProperty("mem_core_dump") Boolean memCoreDump,
        @JsonProperty("smt") Boolean smt,
        @JsonProperty("track_dirty_pages") Boolean trackDirtyPages,
        @JsonProperty("huge_pages") HugePages hugePages,
        @JsonProperty("cpu_template") CpuTemplate cpuTemplate,
        @JsonProperty("spare_devices") Integer spareDevices) {

    /** Guest RAM when nothing is said, in MiB. */
    public static final long DEFAULT_MEM_SIZE_MIB = 128;

    /** The most RAM a guest can be given, in MiB: 64 TiB, half of what a 47-bit host address space holds. */
    public static final long MAX_MEM_SIZE_MIB = 64L << 20;

    /** What KVM itself has as the limit unless built with another. */
    public static final int MAX_VCPU_COUNT = 1024;

    /** Those that were found good: the host has no part in it, and machines are often alike. */
    private static final Memo<MachineConfig, Boolean> GOOD = new Memo<>(16);

    static final String KEY = "machine-config.";

    /** Firecracker's names for the pages that guest RAM is made of. */
    public enum HugePages {
        /** What the memory type says. */
        @JsonProperty("None") NONE("None", MemoryType.SHMEM),
        /** {@code hugeanon}: private memory, for which the kernel is asked for transparent huge pages. */
        @JsonProperty("Transparent") TRANSPARENT("Transparent", MemoryType.HUGEANON),
        /** {@code hugetlbfs}: pages of 2 MiB that the host has set aside. */
        @JsonProperty("2M") TWO_MIB("2M", MemoryType.HUGETLBFS);

        private final String label;
        private final MemoryType type;

        HugePages(String label, MemoryType type) {
            this.label = label;
            this.type = type;
        }

        /** Whether a memory type gives such pages. */
        private boolean goesWith(MemoryType memoryType) {
            return this == NONE || type == memoryType || this == TRANSPARENT && memoryType.isTransparentHuge();
        }

        @Override
        public String toString() {
            return label;
        }
    }

    /** Firecracker's static CPU templates for x86-64, under its names. */
    public enum CpuTemplate {
        /** CPUs as they are. */
        None,
        /** CPUs as Intel's of 2013 have them. */
        C3,
        /** CPUs of Intel's alike, from Skylake on. */
        T2,
        /** As {@link #T2}, with what a move between two kinds of them takes. */
        T2S,
        /** CPUs of Intel's alike, from Cascade Lake on. */
        T2CL,
        /** CPUs of AMD's, as alike to {@link #T2CL} as they can be. */
        T2A
    }

    public MachineConfig {
        vcpuCount = orDefault(vcpuCount, 1);
        maxVcpuCount = orDefault(maxVcpuCount, Math.max(1, vcpuCount));
        memSizeMib = memSizeMib == null ? Long.valueOf(DEFAULT_MEM_SIZE_MIB) : memSizeMib;
        smt = smt != null && smt;
        threadsPerCore = orDefault(threadsPerCore, smt ? 2 : 1);
        coresPerDie = orDefault(coresPerDie, 1);
        diesPerSocket = orDefault(diesPerSocket, 1);
        sockets = orDefault(sockets, 1);
        memType = memType == null ? memTypeOf(hugePages) : memType;
        memFilePath = memFilePath == null ? "" : memFilePath;
        vpmuLevel = orDefault(vpmuLevel, 0);
        cpuPm = cpuPm != null && cpuPm;
        memPrefault = memPrefault != null && memPrefault;
        memCoreDump = memCoreDump != null && memCoreDump;
        trackDirtyPages = trackDirtyPages != null && trackDirtyPages;
        cpuTemplate = cpuTemplate == null ? CpuTemplate.None : cpuTemplate;
    }

    /** By what machines differ in most. */
    @Override
    public int hashCode() {
        return Objects.hash(vcpuCount, maxVcpuCount, memSizeMib, memType, memFilePath, vpmuLevel, memPrefault, smt, hugePages, spareDevices);
    }

    private static String memTypeOf(HugePages pages) {
        return (pages == null ? HugePages.NONE : pages).type.label();
    }

    /** A machine of which nothing is said in Firecracker's words alone. */
    public MachineConfig(Integer vcpuCount, Integer maxVcpuCount, Long memSizeMib, Integer threadsPerCore, Integer coresPerDie,
            Integer diesPerSocket, Integer sockets, String memType, String memFilePath, Integer vpmuLevel, Boolean cpuPm,
            Boolean memPrefault, Boolean memCoreDump) {
        this(vcpuCount, maxVcpuCount, memSizeMib, threadsPerCore, coresPerDie, diesPerSocket, sockets, memType, memFilePath,
                vpmuLevel, cpuPm, memPrefault, memCoreDump, null, null, null, null, null);
    }

    /** A machine of which nothing is said about devices that come later. */
    public MachineConfig(Integer vcpuCount, Integer maxVcpuCount, Long memSizeMib, Integer threadsPerCore, Integer coresPerDie,
            Integer diesPerSocket, Integer sockets, String memType, String memFilePath, Integer vpmuLevel, Boolean cpuPm,
            Boolean memPrefault, Boolean memCoreDump, Boolean smt, Boolean trackDirtyPages, HugePages hugePages, CpuTemplate cpuTemplate) {
        this(vcpuCount, maxVcpuCount, memSizeMib, threadsPerCore, coresPerDie, diesPerSocket, sockets, memType, memFilePath,
                vpmuLevel, cpuPm, memPrefault, memCoreDump, smt, trackDirtyPages, hugePages, cpuTemplate, null);
    }

    /** One vCPU and 128 MiB. */
    public static MachineConfig defaults() {
        return new MachineConfig(null, null, null, null, null, null, null, null, null, null, null, null, null);
    }

    /** One socket with {@code vcpus} vCPUs and {@code memSizeMib} MiB of RAM. */
    public static MachineConfig of(int vcpus, long memSizeMib) {
        return new MachineConfig(vcpus, null, memSizeMib, null, null, null, null, null, null, null, null, null, null);
    }

    /** The same with {@code count} vCPUs; the max vcpu count follows unless it was another number than theirs. */
    public MachineConfig withVcpuCount(int count) {
        Integer max = maxVcpuCount.equals(vcpuCount) ? null : maxVcpuCount;
        return new MachineConfig(count, max, memSizeMib, threadsPerCore, coresPerDie, diesPerSocket, sockets, memType, memFilePath,
                vpmuLevel, cpuPm, memPrefault, memCoreDump, smt, trackDirtyPages, hugePages, cpuTemplate, spareDevices);
    }

    /** The same with room for {@code count} vCPUs. */
    public MachineConfig withMaxVcpuCount(int count) {
        return new MachineConfig(vcpuCount, count, memSizeMib, threadsPerCore, coresPerDie, diesPerSocket, sockets, memType, memFilePath,
                vpmuLevel, cpuPm, memPrefault, memCoreDump, smt, trackDirtyPages, hugePages, cpuTemplate, spareDevices);
    }

    /** The same with {@code mebibytes} MiB of RAM. */
    public MachineConfig withMemSizeMib(long mebibytes) {
        return new MachineConfig(vcpuCount, maxVcpuCount, mebibytes, threadsPerCore, coresPerDie, diesPerSocket, sockets, memType,
                memFilePath, vpmuLevel, cpuPm, memPrefault, memCoreDump, smt, trackDirtyPages, hugePages, cpuTemplate, spareDevices);
    }

    /** The same with two threads a core, or without: what was said of threads per core before gives way. */
    public MachineConfig withSmt(boolean twoThreads) {
        return new MachineConfig(vcpuCount, maxVcpuCount, memSizeMib, null, coresPerDie, diesPerSocket, sockets, memType, memFilePath,
                vpmuLevel, cpuPm, memPrefault, memCoreDump, twoThreads, trackDirtyPages, hugePages, cpuTemplate, spareDevices);
    }

    /** The same on other pages; a memory type that was said before gives way. */
    public MachineConfig withHugePages(HugePages pages) {
        return new MachineConfig(vcpuCount, maxVcpuCount, memSizeMib, threadsPerCore, coresPerDie, diesPerSocket, sockets, null, memFilePath,
                vpmuLevel, cpuPm, memPrefault, memCoreDump, smt, trackDirtyPages, pages, cpuTemplate, spareDevices);
    }

    /** The same with one of Firecracker's changes to CPUs. */
    public MachineConfig withCpuTemplate(CpuTemplate template) {
        return new MachineConfig(vcpuCount, maxVcpuCount, memSizeMib, threadsPerCore, coresPerDie, diesPerSocket, sockets, memType,
                memFilePath, vpmuLevel, cpuPm, memPrefault, memCoreDump, smt, trackDirtyPages, hugePages, template, spareDevices);
    }

    /** The same with places for {@code count} devices that come later. */
    public MachineConfig withSpareDevices(int count) {
        return new MachineConfig(vcpuCount, maxVcpuCount, memSizeMib, threadsPerCore, coresPerDie, diesPerSocket, sockets, memType,
                memFilePath, vpmuLevel, cpuPm, memPrefault, memCoreDump, smt, trackDirtyPages, hugePages, cpuTemplate, count);
    }

    /** Guest RAM in bytes. */
    public long memoryBytes() {
        return Math.multiplyExact(memSizeMib, 1L << 20);
    }

    void check(Problems problems) {
        if (GOOD.find(this) != null) {
            return;
        }
        Problems found = new Problems();
        checkAll(found);
        if (found.isEmpty()) {
            GOOD.keep(this, Boolean.TRUE);
        }
        problems.addAll(found);
    }

    private void checkAll(Problems problems) {
        problems.require(vcpuCount >= 1 && vcpuCount <= MAX_VCPU_COUNT, KEY + "vcpu_count",
                "vcpu count " + vcpuCount + " is not in 1.." + MAX_VCPU_COUNT);
        problems.require(maxVcpuCount <= MAX_VCPU_COUNT, KEY + "max_vcpu_count",
                "max vcpu count " + maxVcpuCount + " is above " + MAX_VCPU_COUNT);
        problems.require(maxVcpuCount >= vcpuCount, KEY + "max_vcpu_count",
                "max vcpu count " + maxVcpuCount + " is below the vcpu count " + vcpuCount);
        problems.require(memSizeMib >= 1 && memSizeMib <= MAX_MEM_SIZE_MIB, KEY + "mem_size_mib",
                "memory size " + memSizeMib + " MiB is not in 1.." + MAX_MEM_SIZE_MIB);
        TopologyCheck.check(this, problems);
        problems.require(vpmuLevel >= 0 && vpmuLevel <= 2, KEY + "vpmu_level",
                "vPMU level " + vpmuLevel + " is not in 0..2");
        problems.require(spareDevices == null || spareDevices >= 0, KEY + "spare_devices",
                "number of spare devices " + spareDevices + " is below 0");
        checkMemoryType(problems);
    }

    /**
     * The machine's topology: what the fields say, or one socket where all of them are 1 or {@code smt} is all that is
     * said. Only of a configuration that has been checked.
     */
    @SuppressWarnings("exports")
    public CpuTopology topology() {
        CpuTopology said = new CpuTopology(threadsPerCore, coresPerDie, diesPerSocket, sockets);
        if (isOneSmtSocket()) {
            return maxVcpuCount == 1 ? CpuTopology.oneSocket(1) : new CpuTopology(2, maxVcpuCount / 2, 1, 1);
        }
        return said.vcpus() == 1 ? CpuTopology.oneSocket(maxVcpuCount) : said;
    }

    /** Whether the topology is what {@code smt} alone makes of the number of vCPUs. */
    boolean isOneSmtSocket() {
        return smt && threadsPerCore == 2 && coresPerDie == 1 && diesPerSocket == 1 && sockets == 1;
    }

    /** Where guest RAM comes from. Only of a configuration that has been checked. */
    public MemoryType memoryType() {
        return MemoryType.of(memType).orElseThrow(() -> new IllegalStateException("memory type " + memType + " was not checked"));
    }

    private void checkMemoryType(Problems problems) {
        Optional<MemoryType> type = MemoryType.of(memType);
        problems.require(type.isPresent(), KEY + "mem_type", "memory type \"" + memType + "\" is not one of " + MemoryType.labels());
        problems.require(memFilePath.isEmpty() || type.isEmpty() || type.get().isShared(), KEY + "mem_file_path",
                "memory file \"" + memFilePath + "\" does not go with memory type " + memType + ", which has no file");
        problems.requirePath(memFilePath, KEY + "mem_file_path", "memory file");
        problems.require(hugePages == null || type.isEmpty() || hugePages.goesWith(type.get()), KEY + "huge_pages",
                "huge pages " + hugePages + " do not go with memory type " + memType + ": give one of them");
    }

    /**
     * Other processes must be able to map the memory, and not to cut it short, which would end this process when it looks there.
     *
     * @param device that a vhost-user back end serves
     */
    void checkShared(String device, Problems problems) {
        Optional<MemoryType> type = MemoryType.of(memType);
        problems.require(type.isEmpty() || type.get().isShared() || hugePages == HugePages.TRANSPARENT, KEY + "mem_type", "memory type " + memType
                + " cannot be shared with the vhost-user back end of " + device + ": use shmem, hugeshmem or hugetlbfs");
        problems.require(memFilePath.isEmpty(), KEY + "mem_file_path", "memory in a file of \"" + memFilePath
                + "\" cannot be shared with the vhost-user back end of " + device + ", which could cut it short: use memory without a file");
    }

    private static Integer orDefault(Integer value, int byDefault) {
        return value == null ? Integer.valueOf(byDefault) : value;
    }
}
