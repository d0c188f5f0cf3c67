package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

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
 * @param memType        where guest RAM comes from; default {@code shmem}, a memfd
 * @param memFilePath    directory or file for file-backed guest RAM; default empty
 * @param vpmuLevel      performance counters the guest sees: 0 none, 1 cycles and instructions, 2 all; default 0
 * @param cpuPm          whether the guest may idle without exits; default false
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
        @JsonProperty("cpu_pm") Boolean cpuPm) {

    /** Guest RAM when nothing is said, in MiB. */
    public static final long DEFAULT_MEM_SIZE_MIB = 128;

    /** The most RAM a guest can be given, in MiB: 64 TiB, half of what a 47-bit host address space holds. */
    public static final long MAX_MEM_SIZE_MIB = 64L << 20;

    /** vCPU ids are listed in tables with 8-bit APIC ids, of which 255 is the broadcast. */
    public static final int MAX_VCPU_COUNT = 254;

    private static final String KEY = "machine-config.";

    public MachineConfig {
        vcpuCount = orDefault(vcpuCount, 1);
        maxVcpuCount = orDefault(maxVcpuCount, Math.max(1, vcpuCount));
        memSizeMib = memSizeMib == null ? Long.valueOf(DEFAULT_MEM_SIZE_MIB) : memSizeMib;
        threadsPerCore = orDefault(threadsPerCore, 1);
        coresPerDie = orDefault(coresPerDie, 1);
        diesPerSocket = orDefault(diesPerSocket, 1);
        sockets = orDefault(sockets, 1);
        memType = memType == null ? "shmem" : memType;
        memFilePath = memFilePath == null ? "" : memFilePath;
        vpmuLevel = orDefault(vpmuLevel, 0);
        cpuPm = cpuPm != null && cpuPm;
    }

    /** One vCPU and 128 MiB. */
    public static MachineConfig defaults() {
        return new MachineConfig(null, null, null, null, null, null, null, null, null, null, null);
    }

    /** One socket with {@code vcpus} vCPUs and {@code memSizeMib} MiB of RAM. */
    public static MachineConfig of(int vcpus, long memSizeMib) {
        return new MachineConfig(vcpus, null, memSizeMib, null, null, null, null, null, null, null, null);
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
        checkTopology(problems);
        problems.require(vpmuLevel >= 0 && vpmuLevel <= 2, KEY + "vpmu_level",
                "vPMU level " + vpmuLevel + " is not in 0..2");
        checkMemoryType(problems);
        refuseWhatHasNoEffectYet(problems);
    }

    private void checkTopology(Problems problems) {
        checkPart(problems, "threads_per_core", "threads per core", threadsPerCore, 2);
        checkPart(problems, "cores_per_die", "cores per die", coresPerDie, MAX_VCPU_COUNT);
        checkPart(problems, "dies_per_socket", "dies per socket", diesPerSocket, MAX_VCPU_COUNT);
        checkPart(problems, "sockets", "sockets", sockets, MAX_VCPU_COUNT);
    }

    private static void checkPart(Problems problems, String key, String name, int value, int max) {
        problems.require(value >= 1 && value <= max, KEY + key, name + " " + value + " is not in 1.." + max);
    }

    private void checkMemoryType(Problems problems) {
        boolean known = switch (memType) {
            case "shmem", "hugetlbfs", "anon", "hugeshmem", "hugeanon" -> true;
            default -> false;
        };
        problems.require(known, KEY + "mem_type",
                "memory type \"" + memType + "\" is not one of shmem, hugetlbfs, anon, hugeshmem, hugeanon");
    }

    /** What is parsed and checked but does not reach the guest yet is refused, never silently dropped. */
    private void refuseWhatHasNoEffectYet(Problems problems) {
        refuse(problems, "max_vcpu_count", vcpuCount >= 1 && maxVcpuCount > vcpuCount, "max vcpu count " + maxVcpuCount
                + " is above the vcpu count " + vcpuCount + ", and adding vCPUs to a running guest is not supported yet");
        refuseTopologyPart(problems, "threads_per_core", "threads per core", threadsPerCore);
        refuseTopologyPart(problems, "cores_per_die", "cores per die", coresPerDie);
        refuseTopologyPart(problems, "dies_per_socket", "dies per socket", diesPerSocket);
        refuseTopologyPart(problems, "sockets", "sockets", sockets);
        refuse(problems, "mem_type", !memType.equals("shmem"),
                "memory type " + memType + " is not supported yet: only shmem is");
        refuse(problems, "mem_file_path", !memFilePath.isEmpty(),
                "memory file \"" + memFilePath + "\" is not supported yet: guest memory is an unnamed shmem file");
        refuse(problems, "vpmu_level", vpmuLevel != 0, "vPMU level " + vpmuLevel + " is not supported yet: only 0 is");
        refuse(problems, "cpu_pm", cpuPm, "CPU power management (on) is not supported yet: only off is");
    }

    private static void refuseTopologyPart(Problems problems, String key, String name, int value) {
        refuse(problems, key, value != 1, name + " " + value + " is not supported yet: only 1 is");
    }

    private static void refuse(Problems problems, String key, boolean condition, String message) {
        if (condition && problems.isClean(KEY + key)) {
            problems.add(KEY + key, message);
        }
    }

    private static Integer orDefault(Integer value, int byDefault) {
        return value == null ? Integer.valueOf(byDefault) : value;
    }
}
