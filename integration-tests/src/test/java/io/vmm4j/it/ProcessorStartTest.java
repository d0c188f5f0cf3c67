package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.core.config.MachineConfig;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** CPUs beside the first, started as a kernel starts them. */
@Tag("kvm")
@Timeout(60)
class ProcessorStartTest {

    /** Two sockets of three cores: APIC ids leave a gap. */
    private static final MachineConfig SIX = new MachineConfig(6, null, null, 1, 3, 1, 2, null, null, null, null, null, null);

    @Test
    void everyCpuOfTheMpTableStartsByInitAndSipiAndHasTheIdThatTheTableSays() throws Exception {
        AssembledGuest guest = AssembledGuest.run("start-by-table", machine -> machine.machine(SIX));
        assertEquals(0, guest.value("boot"));
        assertEquals(List.of(1L, 2L, 4L, 5L, 6L), guest.all("started"));
        assertEquals(5, guest.value("count"));
    }

    @Test
    void allCpusStartAtOnceInX2ApicModeAndCpuidTellsEachTheIdOfItsLocalApic() throws Exception {
        AssembledGuest guest = AssembledGuest.run("start-by-broadcast", machine -> machine.vcpus(16));
        assertEquals(15, guest.value("others"));
        assertEquals(LongStream.rangeClosed(1, 15).boxed().toList(), guest.all("id"));
        assertEquals(List.of(), guest.all("leaf"), "ids that CPUID says otherwise");
    }

    @Test
    void aCpuThatGoesToTheEntryOfTheBiosResetsTheMachine() throws Exception {
        AssembledGuest.run("bios-entry", machine -> machine.vcpus(2));
    }

    @Test
    void moreCpusThanAnXApicCanNumberStart() throws Exception {
        AssembledGuest guest = AssembledGuest.run("start-by-broadcast", machine -> machine.vcpus(300));
        assertEquals(LongStream.rangeClosed(1, 299).boxed().toList(), guest.all("id"));
        assertEquals(List.of(), guest.all("leaf"), "ids that CPUID says otherwise");
    }
}
