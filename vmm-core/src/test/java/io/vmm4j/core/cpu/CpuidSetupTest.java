package io.vmm4j.core.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.abi.Cpuid;
import io.vmm4j.kvm.abi.CpuidEntry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
        return new Cpuid(new CpuidSetup(HostLeaves.intel(), GuestCpu.of(topology, true), HostLeaves::nothing).forVcpu(vcpu));
    }

    private static Cpuid amd(CpuTopology topology, int vcpu) {
        return new Cpuid(new CpuidSetup(HostLeaves.amd(), GuestCpu.of(topology, true), HostLeaves::nothing).forVcpu(vcpu));
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
        assertEquals(0xFFFA7BE3, leaf.ecx(), "hypervisor and TSC deadline set; MONITOR, PDCM, DS-CPL and DTES64 clear");
        assertEquals(0xBFCBFBFF, leaf.edx(), "debug store clear, HTT set");
    }

    /** One that is added in a machine that came from another host was like this host's. */
    @Test
    void aVcpuOfAMachineFromAnotherHostIsLikeItsFirstButForItsPlace() {
        CpuTopology topology = CpuTopology.oneSocket(6);
        CpuidSetup here = new CpuidSetup(HostLeaves.intel(), GuestCpu.of(topology, true), HostLeaves::nothing);
        List<CpuidEntry> ofFirst = new ArrayList<>(here.forVcpu(0));
        ofFirst.replaceAll(entry -> entry.function() == 7 ? entry.withRegisters(entry.eax(), 0x1234, entry.ecx(), entry.edx()) : entry);
        Cpuid fifth = new Cpuid(here.forVcpu(ofFirst, 5));
        assertEquals(0x1234, leaf(fifth, 7, 0).ebx());
        assertEquals(0x05080800, leaf(fifth, 0x1, 0).ebx());
        assertEquals(5, leaf(fifth, 0xB, 0).edx());
        assertEquals(ofFirst, here.forVcpu(ofFirst, 0));
    }

    @Test
    void interruptsToIdsBeyondEightBitsAreOfferedWhereThereAreSome() {
        assertEquals(0x01007efb, leaf(amd(CpuTopology.oneSocket(255), 0), 0x40000001, 0).eax(), "as KVM has it");
        assertEquals(0x0100fefb, leaf(amd(CpuTopology.oneSocket(256), 0), 0x40000001, 0).eax(), "KVM_FEATURE_MSI_EXT_DEST_ID");
    }

    @Test
    void idsBeyondEightBitsAreWholeInTheTopologyLeaves() {
        Cpuid cpuid = amd(CpuTopology.oneSocket(300), 299);
        assertEquals(299, leaf(cpuid, 0xB, 0).edx());
        assertEquals(299, leaf(cpuid, 0x8000001E, 0).eax());
        assertEquals(299 & 0xFF, bits(leaf(cpuid, 0x1, 0).ebx(), 31, 24), "the low 8 bits");
        assertEquals(255, bits(leaf(cpuid, 0x1, 0).ebx(), 23, 16), "as many as fit");
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
            Cpuid cpuid = new Cpuid(new CpuidSetup(HostLeaves.intel(), GuestCpu.of(one, offered), HostLeaves::nothing).forVcpu(0));
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
    void diesAreToldOnIntelHostsWhoseLeavesEndBefore() {
        List<CpuidEntry> old = HostLeaves.intel().stream().filter(entry -> entry.function() != 0x1F)
                .map(entry -> entry.function() == 0 ? entry.withEax(0x16) : entry).toList();
        GuestCpu guest = GuestCpu.of(new CpuTopology(1, 2, 2, 1), true);
        Cpuid cpuid = new Cpuid(new CpuidSetup(old, guest, HostLeaves::nothing).forVcpu(3));
        assertEquals(0x1F, leaf(cpuid, 0x0, 0).eax());
        assertRegisters(leaf(cpuid, 0x1F, 2), 2, 4, 0x502, 3);
        Cpuid oneDie = new Cpuid(new CpuidSetup(old, GuestCpu.of(CpuTopology.oneSocket(4), true), HostLeaves::nothing).forVcpu(0));
        assertEquals(0x16, leaf(oneDie, 0x0, 0).eax(), "without dies the older leaf tells all");
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
    void leafOneCountsThreadsOnAmdAndRoomForTheirIdsOnIntel() {
        CpuTopology threeCoresOfTwo = new CpuTopology(2, 3, 1, 2);
        assertEquals(6, bits(leaf(amd(threeCoresOfTwo, 0), 0x1, 0).ebx(), 23, 16), "LogicalProcessorCount, as leaf 0x80000008 has it");
        assertEquals(8, bits(leaf(intel(threeCoresOfTwo, 0), 0x1, 0).ebx(), 23, 16), "addressable ids");
    }

    @Test
    void amdTopologyLeafTellsCoreAndNode() {
        assertRegisters(leaf(amd(new CpuTopology(2, 3, 1, 2), 7), 0x8000001E, 0), 9, 0x100, 0x001, 0);
        assertRegisters(leaf(amd(new CpuTopology(2, 3, 2, 2), 23), 0x8000001E, 0), 29, 0x106, 0x103, 0);
        assertRegisters(leaf(amd(CpuTopology.oneSocket(3), 2), 0x8000001E, 0), 2, 0x002, 0, 0);
        assertRegisters(leaf(amd(new CpuTopology(1, 1, 16, 1), 15), 0x8000001E, 0), 15, 0x00F, 0x70F, 0); // three bits
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
    void amdHostsWithoutTheCacheLeafGetItMadeFromTheSizes() {
        List<CpuidEntry> old = new ArrayList<>(HostLeaves.amd());
        old.removeIf(entry -> entry.function() == 0x8000001D);
        // 64 KiB 2-way L1s, 512 KiB 16-way L2, 16 MiB 16-way L3: AMD APM volume 3, appendix E.4.4.
        old.add(new CpuidEntry(0x80000005, 0, 0, 0, 0, 0x40020140, 0x40020140));
        old.add(new CpuidEntry(0x80000006, 0, 0, 0, 0, 0x02008140, 0x00838140));
        Cpuid cpuid = new Cpuid(new CpuidSetup(old, GuestCpu.of(new CpuTopology(2, 2, 1, 1), true), HostLeaves::nothing).forVcpu(0));
        assertEquals(1, bits(leaf(cpuid, 0x80000001, 0).ecx(), 22, 22), "TOPOEXT");
        assertRegisters(leaf(cpuid, 0x8000001D, 0), 0x00004121, 0x0040003f, 511, 0);
        assertRegisters(leaf(cpuid, 0x8000001D, 1), 0x00004122, 0x0040003f, 511, 0);
        assertRegisters(leaf(cpuid, 0x8000001D, 2), 0x00004143, 0x03c0003f, 511, 0);
        assertRegisters(leaf(cpuid, 0x8000001D, 3), 0x0000c163, 0x03c0003f, 16383, 0);
        assertRegisters(leaf(cpuid, 0x8000001D, 4), 0, 0, 0, 0);
        assertRegisters(leaf(cpuid, 0x80000006, 0), 0, 0, 0x02008140, 0x00808140);
    }

    @Test
    void amdCacheLeavesThatKvmLeavesOutAreTheHosts() {
        List<CpuidEntry> old = new ArrayList<>(HostLeaves.amd());
        old.removeIf(entry -> entry.function() == 0x8000001D);
        HostLeafReader host = (leaf, index) -> switch (leaf) {
            case 0x80000000 -> new CpuidEntry(leaf, 0, 0, 0x80000020, 0, 0, 0);
            case 0x8000001D -> new CpuidEntry(leaf, index, 0, index == 0 ? 0x1c121 : 0, 7, 8, 9);
            default -> new CpuidEntry(leaf, index, 0, 0, 0, 0, leaf);
        };
        Cpuid cpuid = new Cpuid(new CpuidSetup(old, GuestCpu.of(CpuTopology.oneSocket(2), true), host).forVcpu(0));
        assertRegisters(leaf(cpuid, 0x8000001D, 0), 0x121, 7, 8, 9);
        assertRegisters(leaf(cpuid, 0x8000001D, 1), 0, 7, 8, 9);
        assertEquals(0x80000005, leaf(cpuid, 0x80000005, 0).edx());
    }

    @Test
    void amdGuestsOnHostsWithFewLeavesStillFindTheirTopology() {
        List<CpuidEntry> old = HostLeaves.amd().stream().filter(entry -> entry.function() != 0x8000001E)
                .map(entry -> entry.function() == 0x80000000 ? entry.withEax(0x8000000A) : entry).toList();
        Cpuid cpuid = new Cpuid(new CpuidSetup(old, GuestCpu.of(new CpuTopology(2, 2, 1, 1), true), HostLeaves::nothing).forVcpu(3));
        assertEquals(0x8000001E, leaf(cpuid, 0x80000000, 0).eax());
        assertRegisters(leaf(cpuid, 0x8000001E, 0), 3, 0x101, 0, 0);
    }

    private static String brand(List<CpuidEntry> supported, HostLeafReader host) {
        Cpuid cpuid = new Cpuid(new CpuidSetup(supported, GuestCpu.of(CpuTopology.oneSocket(1), true), host).forVcpu(0));
        ByteBuffer name = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
        for (int function = 0x80000002; function <= 0x80000004; function++) {
            CpuidEntry leaf = leaf(cpuid, function, 0);
            name.putInt(leaf.eax()).putInt(leaf.ebx()).putInt(leaf.ecx()).putInt(leaf.edx());
        }
        return new String(name.array(), StandardCharsets.US_ASCII).replace("\0", "");
    }

    @Test
    void theCpuHasTheHostsName() {
        ByteBuffer name = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN)
                .put("AMD EPYC 7763 64-Core Processor".getBytes(StandardCharsets.US_ASCII));
        HostLeafReader host = (leaf, index) -> leaf == 0x80000000 ? new CpuidEntry(leaf, 0, 0, 0x80000008, 0, 0, 0)
                : new CpuidEntry(leaf, 0, 0, word(name, leaf, 0), word(name, leaf, 1), word(name, leaf, 2), word(name, leaf, 3));
        assertEquals("AMD EPYC 7763 64-Core Processor", brand(HostLeaves.amd(), host));
    }

    private static int word(ByteBuffer name, int leaf, int register) {
        return leaf < 0x80000002 || leaf > 0x80000004 ? 0 : name.getInt((leaf - 0x80000002) * 16 + register * 4);
    }

    @Test
    void theCpuHasAPlainNameWhereTheHostHasNone() {
        assertEquals("AMD EPYC", brand(HostLeaves.amd(), HostLeaves::nothing));
        assertEquals("Intel(R) Xeon(R) Processor", brand(HostLeaves.intel(), HostLeaves::nothing));
    }

    private static Cpuid withCounters(List<CpuidEntry> supported, int level) {
        GuestCpu guest = new GuestCpu(CpuTopology.oneSocket(2), true, level, false);
        return new Cpuid(new CpuidSetup(supported, guest, HostLeaves::nothing).forVcpu(0));
    }

    @Test
    void levelOneKeepsCyclesAndInstructionsOnIntel() {
        Cpuid cpuid = withCounters(HostLeaves.intel(), 1);
        assertRegisters(leaf(cpuid, 0xA, 0), 0x07300802, 0x78, 0, 0x8603);
        assertEquals(0, bits(leaf(cpuid, 0x1, 0).ecx(), 15, 15), "PDCM");
    }

    @Test
    void levelTwoKeepsAllThatKvmHas() {
        Cpuid intel = withCounters(HostLeaves.intel(), 2);
        assertRegisters(leaf(intel, 0xA, 0), 0x08300805, 0, 0xf, 0x8604);
        assertEquals(1, bits(leaf(intel, 0x1, 0).ecx(), 15, 15), "PDCM");
        assertEquals(1, bits(leaf(intel, 0x1, 0).edx(), 21, 21), "debug store");
        Cpuid amd = withCounters(HostLeaves.amd(), 2);
        assertEquals(0x11c00793, leaf(amd, 0x80000001, 0).ecx());
        assertRegisters(leaf(amd, 0x80000022, 0), 1, 6, 0, 0);
    }

    @Test
    void levelOneHidesTheCounterExtensionsOfAmd() {
        Cpuid cpuid = withCounters(HostLeaves.amd(), 1);
        assertEquals(0x00400393, leaf(cpuid, 0x80000001, 0).ecx());
        assertRegisters(leaf(cpuid, 0x80000022, 0), 0, 0, 0, 0);
    }

    @Test
    void aHostWithoutCountersHasNoneAtAnyLevel() {
        List<CpuidEntry> none = HostLeaves.intel().stream()
                .map(entry -> entry.function() == 0xA ? entry.withRegisters(0, 0, 0, 0) : entry).toList();
        assertRegisters(leaf(withCounters(none, 1), 0xA, 0), 0, 0, 0, 0);
        assertRegisters(leaf(withCounters(none, 2), 0xA, 0), 0, 0, 0, 0);
    }

    @Test
    void mwaitIsOfferedWithTheHostsStatesWhereItRunsInTheGuest() {
        GuestCpu guest = new GuestCpu(CpuTopology.oneSocket(1), true, 0, true);
        HostLeafReader host = (leaf, index) -> new CpuidEntry(leaf, index, 0, 64, 64, 3, leaf == 5 ? 0x2020 : 0);
        Cpuid cpuid = new Cpuid(new CpuidSetup(HostLeaves.intel(), guest, host).forVcpu(0));
        assertRegisters(leaf(cpuid, 0x5, 0), 64, 64, 3, 0x2020);
        assertEquals(1, bits(leaf(cpuid, 0x1, 0).ecx(), 3, 3), "MONITOR");
        assertEquals(0, bits(leaf(intel(CpuTopology.oneSocket(1), 0), 0x1, 0).ecx(), 3, 3), "MONITOR where it would exit");
    }

    @Test
    void hygonFollowsAmd() {
        List<CpuidEntry> leaves = HostLeaves.amd().stream()
                .map(entry -> entry.function() == 0 ? entry.withEbx(0x6f677948) : entry).toList();
        Cpuid cpuid = new Cpuid(new CpuidSetup(leaves, GuestCpu.of(CpuTopology.oneSocket(2), true), HostLeaves::nothing).forVcpu(1));
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
