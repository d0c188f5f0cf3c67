package io.vmm4j.core.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.abi.Cpuid;
import io.vmm4j.kvm.abi.CpuidEntry;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Fields are those of Intel SDM volume 2, CPUID, and AMD APM volume 3, appendix E. */
class CpuidSetupTest {

    private static Cpuid intel(CpuTopology topology, int vcpu) {
        return new Cpuid(new CpuidSetup(HostLeaves.intel(), topology, true).forVcpu(vcpu));
    }

    private static Cpuid amd(CpuTopology topology, int vcpu) {
        return new Cpuid(new CpuidSetup(HostLeaves.amd(), topology, true).forVcpu(vcpu));
    }

    private static CpuidEntry leaf(Cpuid cpuid, int function, int index) {
        return cpuid.find(function, index).orElseThrow(() -> new AssertionError("no leaf 0x" + Integer.toHexString(function) + "." + index));
    }

    private static int bits(int register, int high, int low) {
        return register >>> low & (int) ((1L << high - low + 1) - 1);
    }

    private static void assertRegisters(CpuidEntry leaf, int eax, int ebx, int ecx, int edx) {
        assertEquals(List.of(eax, ebx, ecx, edx), List.of(leaf.eax(), leaf.ebx(), leaf.ecx(), leaf.edx()),
                () -> "leaf 0x" + Integer.toHexString(leaf.function()) + "." + leaf.index());
    }

    @Test
    void leafOneSaysWhichVcpuItIsAndThatThisIsAGuest() {
        CpuidEntry leaf = leaf(intel(CpuTopology.oneSocket(6), 5), 0x1, 0);
        assertEquals(0x000606a6, leaf.eax());
        assertEquals(0x05080800, leaf.ebx(), "APIC id 5, room for 8 ids, flush lines of 64 bytes");
        assertEquals(0xFFFA7BEB, leaf.ecx(), "hypervisor and TSC deadline set; PDCM, DS-CPL and DTES64 clear");
        assertEquals(0xBFCBFBFF, leaf.edx(), "debug store clear, HTT set");
    }

    @Test
    void aSingleVcpuHasNoSiblings() {
        CpuidEntry leaf = leaf(intel(CpuTopology.oneSocket(1), 0), 0x1, 0);
        assertEquals(0x00010800, leaf.ebx());
        assertEquals(0, bits(leaf.edx(), 28, 28), "HTT");
    }

    @Test
    void theTscDeadlineTimerIsOfferedWhereKvmHasIt() {
        CpuTopology one = CpuTopology.oneSocket(1);
        for (boolean offered : new boolean[] {true, false}) {
            Cpuid cpuid = new Cpuid(new CpuidSetup(HostLeaves.intel(), one, offered).forVcpu(0));
            assertEquals(offered ? 1 : 0, bits(leaf(cpuid, 0x1, 0).ecx(), 24, 24));
        }
    }

    @Test
    void theTopologyLeavesTellThreadsAndCores() {
        Cpuid cpuid = intel(new CpuTopology(2, 3, 1, 2), 7);
        for (int function : new int[] {0xB, 0x1F}) {
            assertRegisters(leaf(cpuid, function, 0), 1, 2, 0x100, 9);
            assertRegisters(leaf(cpuid, function, 1), 3, 6, 0x201, 9);
            assertRegisters(leaf(cpuid, function, 2), 0, 0, 0x002, 9);
        }
    }

    @Test
    void diesHaveALevelInTheNewerLeaf() {
        Cpuid cpuid = intel(new CpuTopology(2, 3, 2, 1), 11);
        assertRegisters(leaf(cpuid, 0xB, 1), 4, 12, 0x201, 13);
        assertRegisters(leaf(cpuid, 0x1F, 0), 1, 2, 0x100, 13);
        assertRegisters(leaf(cpuid, 0x1F, 1), 3, 6, 0x201, 13);
        assertRegisters(leaf(cpuid, 0x1F, 2), 4, 12, 0x502, 13);
        assertRegisters(leaf(cpuid, 0x1F, 3), 0, 0, 0x003, 13);
    }

    @Test
    void hostsWithoutTheNewerLeafDoNotGetIt() {
        assertTrue(amd(CpuTopology.oneSocket(4), 0).find(0x1F, 0).isEmpty());
    }

    @Test
    void intelCachesAreSharedByTheCoreAndTheDie() {
        Cpuid cpuid = intel(new CpuTopology(2, 3, 2, 1), 0);
        for (int index = 0; index <= 2; index++) {
            assertEquals(2 - 1, bits(leaf(cpuid, 0x4, index).eax(), 25, 14), "cache " + index + " of one core");
        }
        assertEquals(8 - 1, bits(leaf(cpuid, 0x4, 3).eax(), 25, 14), "ids of a die");
        for (int index = 0; index <= 3; index++) {
            assertEquals(8 - 1, bits(leaf(cpuid, 0x4, index).eax(), 31, 26), "core ids of a socket");
        }
        assertEquals(0x163, bits(leaf(cpuid, 0x4, 3).eax(), 13, 0), "kind and level as the host has them");
        assertRegisters(leaf(cpuid, 0x4, 4), 0, 0, 0, 0);
    }

    @Test
    void countsThatDoNotFitAFieldStayAtItsLargest() {
        Cpuid cpuid = intel(CpuTopology.oneSocket(288), 287);
        assertEquals(255, bits(leaf(cpuid, 0x1, 0).ebx(), 23, 16));
        assertEquals(287 & 0xFF, bits(leaf(cpuid, 0x1, 0).ebx(), 31, 24));
        assertEquals(63, bits(leaf(cpuid, 0x4, 0).eax(), 31, 26));
        assertEquals(287, leaf(cpuid, 0xB, 0).edx());
    }

    @Test
    void intelHidesCountersTurboBiasAndUserWait() {
        Cpuid cpuid = intel(CpuTopology.oneSocket(2), 0);
        assertRegisters(leaf(cpuid, 0xA, 0), 0, 0, 0, 0);
        assertRegisters(leaf(cpuid, 0x6, 0), 0x4, 0, 0x1, 0);
        assertEquals(0x00405f4e, leaf(cpuid, 0x7, 0).ecx());
        assertEquals(0xf1bf27eb, leaf(cpuid, 0x7, 0).ebx());
        assertRegisters(leaf(cpuid, 0x7, 1), 0x30, 0, 0, 0);
    }

    @Test
    void amdCountsThreadsAndIdBits() {
        CpuidEntry leaf = leaf(amd(new CpuTopology(2, 3, 1, 2), 0), 0x80000008, 0);
        assertRegisters(leaf, 0x3030, 0x10000005, 0x00033005, 0);
        assertRegisters(leaf(amd(CpuTopology.oneSocket(1), 0), 0x80000008, 0), 0x3030, 0x10000005, 0x00030000, 0);
    }

    @Test
    void amdTopologyLeafTellsCoreAndNode() {
        assertRegisters(leaf(amd(new CpuTopology(2, 3, 1, 2), 7), 0x8000001E, 0), 9, 0x100, 0x001, 0);
        assertRegisters(leaf(amd(new CpuTopology(2, 3, 2, 2), 23), 0x8000001E, 0), 29, 0x106, 0x103, 0);
        assertRegisters(leaf(amd(CpuTopology.oneSocket(3), 2), 0x8000001E, 0), 2, 0x002, 0, 0);
    }

    @Test
    void amdCachesAreSharedByTheCoreAndTheDie() {
        Cpuid cpuid = amd(CpuTopology.oneSocket(6), 0);
        assertEquals(0, bits(leaf(cpuid, 0x8000001D, 0).eax(), 25, 14));
        assertEquals(0, bits(leaf(cpuid, 0x8000001D, 2).eax(), 25, 14));
        assertEquals(8 - 1, bits(leaf(cpuid, 0x8000001D, 3).eax(), 25, 14));
    }

    @Test
    void amdHidesCountersAndWhatItsCpusDoNotHave() {
        Cpuid cpuid = amd(CpuTopology.oneSocket(2), 0);
        assertEquals(0x00400393, leaf(cpuid, 0x80000001, 0).ecx(), "no IBS, no counter extensions; CmpLegacy and TOPOEXT");
        assertRegisters(leaf(cpuid, 0x80000022, 0), 0, 0, 0, 0);
        assertEquals(0x10, leaf(cpuid, 0x7, 0).edx(), "no IA32_ARCH_CAPABILITIES");
        assertTrue(cpuid.find(0x80000026, 0).isEmpty(), "the host's topology");
        assertEquals(0, bits(leaf(amd(CpuTopology.oneSocket(1), 0), 0x80000001, 0).ecx(), 1, 1), "CmpLegacy with one thread");
    }

    @Test
    void amdHostsWithoutCacheLeavesDoNotClaimThem() {
        List<CpuidEntry> old = HostLeaves.amd().stream().filter(entry -> entry.function() != 0x8000001D).toList();
        Cpuid cpuid = new Cpuid(new CpuidSetup(old, CpuTopology.oneSocket(2), true).forVcpu(0));
        assertEquals(0, bits(leaf(cpuid, 0x80000001, 0).ecx(), 22, 22), "TOPOEXT");
    }

    @Test
    void hygonFollowsAmd() {
        List<CpuidEntry> leaves = HostLeaves.amd().stream()
                .map(entry -> entry.function() == 0 ? entry.withEbx(0x6f677948) : entry).toList();
        Cpuid cpuid = new Cpuid(new CpuidSetup(leaves, CpuTopology.oneSocket(2), true).forVcpu(1));
        assertEquals(1, leaf(cpuid, 0x8000001E, 0).eax());
    }

    @Test
    void whatDoesNotDependOnTheMachineStaysAsKvmHasIt() {
        for (CpuidEntry host : HostLeaves.amd()) {
            if (host.function() == 0xD || host.function() == 0x40000000 || host.function() == 0) {
                assertEquals(host, leaf(amd(CpuTopology.oneSocket(2), 0), host.function(), host.index()));
            }
        }
    }

    static Stream<CpuTopology> topologies() {
        return Stream.of(CpuTopology.oneSocket(1), CpuTopology.oneSocket(16), new CpuTopology(1, 3, 1, 2), new CpuTopology(2, 3, 1, 2),
                new CpuTopology(2, 5, 3, 2), new CpuTopology(2, 1, 1, 1), new CpuTopology(1, 1, 1, 4));
    }

    @ParameterizedTest
    @MethodSource("topologies")
    void allLeavesTellTheSameTopology(CpuTopology topology) {
        Set<Integer> ids = new HashSet<>();
        for (int vcpu = 0; vcpu < topology.vcpus(); vcpu++) {
            int socket = vcpu / topology.threadsPerSocket();
            Cpuid intel = intel(topology, vcpu);
            Cpuid amd = amd(topology, vcpu);
            int id = leaf(intel, 0xB, 0).edx();
            assertTrue(ids.add(id), "APIC id " + id + " is given twice");
            assertEquals(id, bits(leaf(intel, 0x1, 0).ebx(), 31, 24));
            assertEquals(id, leaf(amd, 0xB, 0).edx());
            assertEquals(id, leaf(amd, 0x8000001E, 0).eax());
            assertEquals(socket, id >>> leaf(intel, 0xB, 1).eax(), "socket by leaf 0xB");
            assertEquals(socket, id >>> bits(leaf(amd, 0x80000008, 0).ecx(), 15, 12), "socket by leaf 0x80000008");
            assertEquals(vcpu / topology.threadsPerCore(), socket * topology.diesPerSocket() * topology.coresPerDie()
                    + denseCore(topology, id, leaf(intel, 0xB, 0).eax()), "core by leaf 0xB");
            assertEquals(leaf(intel, 0xB, 1).ebx(), bits(leaf(amd, 0x80000008, 0).ecx(), 7, 0) + 1, "threads of a socket");
            assertEquals(leaf(intel, 0xB, 0).ebx(), bits(leaf(amd, 0x8000001E, 0).ebx(), 15, 8) + 1, "threads of a core");
            assertTrue(bits(leaf(intel, 0x1, 0).ebx(), 23, 16) >= leaf(intel, 0xB, 1).ebx(), "room for the ids of a socket");
        }
    }

    /** The core's number in its socket without the gaps of its id. */
    private static int denseCore(CpuTopology topology, int id, int coreShift) {
        int inSocket = id >>> coreShift & (1 << topology.socketShift() - coreShift) - 1;
        int dieShift = topology.dieShift() - coreShift;
        return (inSocket >>> dieShift) * topology.coresPerDie() + (inSocket & (1 << dieShift) - 1);
    }
}
