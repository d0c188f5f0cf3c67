package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.vmm4j.core.cpu.CpuTopology;
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
        @JsonProperty("mem_core_dump") Boolean memCoreDump) {

    /** Guest RAM when nothing is said, in MiB. */
    public static final long DEFAULT_MEM_SIZE_MIB = 128;

    /** The most RAM a guest can be given, in MiB: 64 TiB, half of what a 47-bit host address space holds. */
    public static final long MAX_MEM_SIZE_MIB = 64L << 20;

    /** What KVM itself has as the limit unless built with another. */
    public static final int MAX_VCPU_COUNT = 1024;

    static final String KEY = "machine-config.";

    public MachineConfig {
        vcpuCount = orDefault(vcpuCount, 1);
        maxVcpuCount = orDefault(maxVcpuCount, Math.max(1, vcpuCount));
        memSizeMib = memSizeMib == null ? Long.valueOf(DEFAULT_MEM_SIZE_MIB) : memSizeMib;
        threadsPerCore = orDefault(threadsPerCore, 1);
        coresPerDie = orDefault(coresPerDie, 1);
        diesPerSocket = orDefault(diesPerSocket, 1);
        sockets = orDefault(sockets, 1);
        memType = memType == null ? MemoryType.SHMEM.label() : memType;
        memFilePath = memFilePath == null ? "" : memFilePath;
        vpmuLevel = orDefault(vpmuLevel, 0);
        cpuPm = cpuPm != null && cpuPm;
        memPrefault = memPrefault != null && memPrefault;
        memCoreDump = memCoreDump != null && memCoreDump;
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
                vpmuLevel, cpuPm, memPrefault, memCoreDump);
    }

    /** The same with room for {@code count} vCPUs. */
    public MachineConfig withMaxVcpuCount(int count) {
        return new MachineConfig(vcpuCount, count, memSizeMib, threadsPerCore, coresPerDie, diesPerSocket, sockets, memType, memFilePath,
                vpmuLevel, cpuPm, memPrefault, memCoreDump);
    }

    /** The same with {@code mebibytes} MiB of RAM. */
    public MachineConfig withMemSizeMib(long mebibytes) {
        return new MachineConfig(vcpuCount, maxVcpuCount, mebibytes, threadsPerCore, coresPerDie, diesPerSocket, sockets, memType,
                memFilePath, vpmuLevel, cpuPm, memPrefault, memCoreDump);
    }

    /** Guest RAM in bytes. */
    public long memoryBytes() {
        return Math.multiplyExact(memSizeMib, 1L << 20);
    }

    void check(Problems problems) {
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
        checkMemoryType(problems);
    }

    /**
     * The machine's topology: what the fields say, or one socket where all of them are 1. Only of a configuration that
     * has been checked.
     */
    public CpuTopology topology() {
        CpuTopology said = new CpuTopology(threadsPerCore, coresPerDie, diesPerSocket, sockets);
        return said.vcpus() == 1 ? CpuTopology.oneSocket(maxVcpuCount) : said;
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
    }

    private static Integer orDefault(Integer value, int byDefault) {
        return value == null ? Integer.valueOf(byDefault) : value;
    }
}
