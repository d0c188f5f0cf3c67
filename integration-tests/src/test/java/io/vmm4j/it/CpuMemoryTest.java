package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.CpuConfig;
import io.vmm4j.core.config.CpuTemplates;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.MemoryType;
import io.vmm4j.core.host.StreamConsole;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Debian's kernel finds of processors and memory. Each boot looks at several things. */
@Tag("linux")
class CpuMemoryTest {

    /** One line a CPU: number, socket, die, core, and the CPUs that share the core, the socket and the largest cache. */
    private static final String TOPOLOGY = """
            cd /sys/devices/system/cpu
            for n in $(seq 0 $(($(grep -c ^processor /proc/cpuinfo) - 1))); do
                t=cpu$n/topology
                c=$(for i in cpu$n/cache/index*; do echo $(cat $i/level):$(cat $i/shared_cpu_list); done | sort | tail -n 1)
                echo "cpu $n $(cat $t/physical_package_id) $(cat $t/die_id) $(cat $t/core_id) $(cat $t/thread_siblings_list) \
            $(cat $t/package_cpus_list 2>/dev/null || cat $t/core_siblings_list) $c"
            done
            echo "online $(cat online)"
            echo "name $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | uniq)"
            echo "memory $(grep MemTotal /proc/meminfo | tr -dc 0-9)"
            echo "apicids $(sed -n 's/^apicid[^:]*: //p' /proc/cpuinfo | tr '\n' ' ')"
            dmesg -r | grep -E '^<[0-4]>' | cut -c1-160 | sed 's/^/warning /'
            """;

    private static final Path HUGE_PAGES = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");

    private static MachineConfig cpus(int vcpus, int threads, int cores, int dies, int sockets, int level, boolean idle) {
        return new MachineConfig(vcpus, null, 512L, threads, cores, dies, sockets, null, null, level, idle, null, null);
    }

    private static MachineConfig memory(MemoryType type, String file, long mib, boolean prefault) {
        return new MachineConfig(1, null, mib, null, null, null, null, type.label(), file, null, null, prefault, null);
    }

    private static LinuxGuest.Outcome run(MachineConfig machine, String script) throws Exception {
        LinuxGuest.Outcome outcome = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage()).machine(machine), script);
        assertEquals(VmExitReason.POWEROFF, outcome.exit().reason(), outcome.exit().message());
        return outcome;
    }

    private static Map<Integer, List<String>> cpus(LinuxGuest.Outcome outcome) {
        Map<Integer, List<String>> cpus = new TreeMap<>();
        outcome.answer().lines().filter(line -> line.startsWith("cpu ")).map(line -> List.of(line.split(" ")))
                .forEach(words -> cpus.put(Integer.valueOf(words.get(1)), words.subList(2, words.size())));
        return cpus;
    }

    private static String value(LinuxGuest.Outcome outcome, String name) {
        return outcome.answer().lines().filter(line -> line.startsWith(name + " ")).map(line -> line.substring(name.length() + 1).strip())
                .findFirst().orElseThrow(() -> new AssertionError("no " + name + " in " + outcome.output()));
    }

    private static void assertNoComplaintAboutCpus(LinuxGuest.Outcome outcome) {
        List<String> complaints = outcome.answer().lines().filter(line -> line.startsWith("warning "))
                .filter(line -> line.matches("(?i).*(firmware bug|apic|topology|smp|sched|x86/cpu|package).*")).toList();
        assertEquals(List.of(), complaints);
    }

    private static String hostLine(String name) {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream().filter(line -> line.startsWith(name))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip()).findFirst().orElse("");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void twoSocketsOfThreeCoresAreSeenWithGapsBetweenTheIds() throws Exception {
        LinuxGuest.Outcome outcome = run(cpus(6, 1, 3, 1, 2, 0, false), TOPOLOGY);
        Map<Integer, List<String>> cpus = cpus(outcome);
        assertEquals("0-5", value(outcome, "online"), outcome.output());
        assertEquals("0 1 2 4 5 6", value(outcome, "apicids"), outcome.output());
        for (int n = 0; n < 6; n++) {
            assertEquals(String.valueOf(n / 3), cpus.get(n).get(0), "socket of CPU " + n + ": " + outcome.output());
            assertEquals(String.valueOf(n), cpus.get(n).get(3), "no threads beside CPU " + n + ": " + outcome.output());
            assertEquals(n < 3 ? "0-2" : "3-5", cpus.get(n).get(4), "CPUs of one socket: " + outcome.output());
        }
        assertEquals(hostLine("model name"), value(outcome, "name"), outcome.output());
        assertNoComplaintAboutCpus(outcome);
    }

    @Test
    void theGuestSeesWhatAStaticTemplateMakesOfTheProcessor() throws Exception {
        // Given as its changes, as the processor is none that it is for; of the leaves those that every processor here has.
        List<CpuConfig.LeafModifier> leaves = CpuTemplates.named("T2A").cpuidModifiers().stream()
                .filter(leaf -> List.of("0x1", "0x7", "0x80000001").contains(leaf.leaf())).toList();
        List<String> hidden = Stream.of("rdseed", "adx", "clflushopt", "clwb", "sha_ni", "umip", "pku", "rdpid", "la57", "pdpe1gb")
                .filter(flag -> flags(hostLine("flags")).contains(flag)).toList();
        assertFalse(hidden.isEmpty(), "this processor has nothing to hide");
        VmBuilder machine = LinuxGuest.machine(LinuxGuest.bzImage()).machine(MachineConfig.of(2, 256)).cpuConfig(new CpuConfig(null, leaves, null));
        LinuxGuest.Outcome outcome = LinuxGuest.run(machine, "grep -E '^(cpu family|model|stepping|flags)' /proc/cpuinfo | sort -u | tr '\t' ' '");
        assertEquals(VmExitReason.POWEROFF, outcome.exit().reason(), outcome.exit().message());
        assertEquals(List.of("6", "63", "2"), List.of(value(outcome, "cpu family :"), value(outcome, "model  :"), value(outcome, "stepping :")));
        List<String> seen = flags(value(outcome, "flags  :"));
        assertEquals(List.of(), hidden.stream().filter(seen::contains).toList());
        assertTrue(seen.contains("erms"), outcome.output());
    }

    private static List<String> flags(String line) {
        return List.of(line.split(" "));
    }

    @Test
    void sixteenVcpusComeUpInEveryLevelOfATopology() throws Exception {
        LinuxGuest.Outcome outcome = run(cpus(16, 2, 2, 2, 2, 2, false), TOPOLOGY);
        Map<Integer, List<String>> cpus = cpus(outcome);
        assertEquals("0-15", value(outcome, "online"), outcome.output());
        for (int n = 0; n < 16; n++) {
            List<String> cpu = cpus.get(n);
            int even = n & ~1;
            assertEquals(String.valueOf(n / 8), cpu.get(0), "socket of CPU " + n + ": " + outcome.output());
            assertEquals(even + "-" + (even + 1), cpu.get(3), "threads of one core: " + outcome.output());
            assertEquals(n < 8 ? "0-7" : "8-15", cpu.get(4), "CPUs of one socket: " + outcome.output());
        }
        assertEquals(4, cpus.values().stream().map(cpu -> cpu.get(0) + "." + cpu.get(1)).distinct().count(), "dies: " + outcome.output());
        assertNoComplaintAboutCpus(outcome);
    }

    @Test
    void aCpuWithAnIdBeyondAnXApicsStartsAndServesADiskThroughTheMachinesOwnIoApic() throws Exception {
        // Gaps between the ids of 5 times 5 times 5 CPUs make that of CPU 100 256. The kernel starts two, and that one when told.
        MachineConfig machine = new MachineConfig(101, 125, 512L, 1, 5, 5, 5, null, null, null, null, null, null);
        String script = TOPOLOGY + """
                dmesg | grep -i x2apic | sed 's/^/x2apic /'
                echo 1 >/sys/devices/system/cpu/cpu100/online
                echo "started $(cat /sys/devices/system/cpu/online)"
                echo "id $(sed -n 's/^apicid[^:]*: //p' /proc/cpuinfo | tail -n 1)"
                irq=$(sed -n 's/^ *\\([0-9]*\\):.*IO-APIC.*virtio.*/\\1/p' /proc/interrupts | head -n 1)
                echo 100 >/proc/irq/$irq/smp_affinity_list
                dd if=/dev/vda of=/dev/null bs=64k skip=500 count=32 2>/dev/null
                sed -n "s/^ *$irq:/interrupts /p" /proc/interrupts
                """;
        LinuxGuest.Outcome outcome = LinuxGuest.boot(LinuxGuest.machine(LinuxGuest.bzImage()).machine(machine).drive(LinuxGuest.root())
                .bootArgs("maxcpus=2 " + LinuxGuest.arguments(script, "poweroff")), console -> { });
        assertEquals(VmExitReason.POWEROFF, outcome.exit().reason(), outcome.exit().message());
        assertEquals("0-1", value(outcome, "online"), outcome.output());
        assertTrue(outcome.answer().matches("(?s).*x2apic .*physical.*"), outcome.output());
        assertNoComplaintAboutCpus(outcome);
        assertEquals("0-1,100", value(outcome, "started"), outcome.output());
        assertEquals("256", value(outcome, "id"), outcome.output());
        String[] counts = value(outcome, "interrupts").strip().split(" +");
        assertTrue(Integer.parseInt(counts[2]) > 0, "the disk's interrupts on CPU 100: " + outcome.output());
    }

    @Test
    void aGuestThatIdlesWithoutExitsAndHasNoCountersFindsNone() throws Exception {
        LinuxGuest.Outcome outcome = run(cpus(2, 2, 1, 1, 1, 0, true), TOPOLOGY + "sed -n 's/^flags[^:]*: /flags /p' /proc/cpuinfo | uniq\n"
                + "dmesg | grep -iE 'perf|pmu' | sed 's/^/pmu /'\n");
        String flags = " " + value(outcome, "flags") + " ";
        for (String flag : List.of("arch_perfmon", "perfctr_core", "perfctr_nb", "perfctr_llc", "perfmon_v2", "pdcm", "ibs", "dts")) {
            assertFalse(flags.contains(" " + flag + " "), flag + " in " + flags);
        }
        assertEquals("0-1", cpus(outcome).get(0).get(3), "two threads of one core: " + outcome.output());
        assertNoComplaintAboutCpus(outcome);
    }

    @ParameterizedTest
    @CsvSource({"ANON, 128, false", "HUGESHMEM, 256, true", "HUGEANON, 4096, false"})
    void theGuestRunsOnEachKindOfMemory(MemoryType type, long mib, boolean prefault) throws Exception {
        LinuxGuest.Outcome outcome = run(memory(type, null, mib, prefault), TOPOLOGY);
        long kib = Long.parseLong(value(outcome, "memory"));
        long kernelKib = 48 * 1024;
        assertTrue(kib > (mib * 1024 - kernelKib) * 9 / 10 && kib <= mib * 1024, outcome.output());
    }

    @Test
    void hugePagesAreTakenFromThePoolAndTooFewAreNamed() throws Exception {
        assumeTrue(Files.isWritable(HUGE_PAGES), "huge pages can only be set aside by root");
        String before = Files.readString(HUGE_PAGES).strip();
        try {
            Files.writeString(HUGE_PAGES, "136");
            String pool = Files.readString(HUGE_PAGES).strip();
            assumeTrue(Integer.parseInt(pool) >= 136, () -> "no room for 136 huge pages on this host, only for " + pool);
            String message = assertThrows(ConfigException.class, () -> machine(memory(MemoryType.HUGETLBFS, null, 512, false)).build())
                    .getMessage();
            assertTrue(message.contains("256 huge pages of 2 MiB are needed and 136 are free"), message);
            assertTrue(message.contains("machine-config.mem_size_mib"), message);
            String directory = Files.isDirectory(Path.of("/dev/hugepages")) ? "/dev/hugepages" : null;
            LinuxGuest.Outcome outcome = run(memory(MemoryType.HUGETLBFS, directory, 256, true), TOPOLOGY);
            assertTrue(Long.parseLong(value(outcome, "memory")) > 200 * 1024, outcome.output());
        } finally {
            Files.writeString(HUGE_PAGES, before);
        }
    }

    private static VmBuilder machine(MachineConfig machine) {
        return LinuxGuest.machine(LinuxGuest.bzImage()).machine(machine).serial(StreamConsole.capture());
    }
}
