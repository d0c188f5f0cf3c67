package io.vmm4j.kvm.abi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The numbers of the binary interface a second time, as literals, for machines without a C compiler. */
final class AbiTableTest {
    @ParameterizedTest(name = "{0}.{1} is {2}")
    @CsvSource({
        "KvmRegs,SIZE,144", "KvmRegs,RSP,48", "KvmRegs,R8,64", "KvmRegs,RIP,128", "KvmRegs,RFLAGS,136",
        "KvmSegment,SIZE,24", "KvmSegment,SELECTOR,12", "KvmSegment,TYPE,14", "KvmSegment,UNUSABLE,22",
        "KvmDtable,SIZE,16", "KvmDtable,LIMIT,8",
        "KvmSregs,SIZE,312", "KvmSregs,SS,120", "KvmSregs,GDT,192", "KvmSregs,CR0,224", "KvmSregs,CR4,248",
        "KvmSregs,EFER,264", "KvmSregs,APIC_BASE,272", "KvmSregs,INTERRUPT_BITMAP,280",
        "KvmSregs2,SIZE,320", "KvmSregs2,APIC_BASE,272", "KvmSregs2,FLAGS,280", "KvmSregs2,PDPTRS,288",
        "KvmIrqchip,SIZE,520", "KvmIrqchip,CHIP,8", "KvmIrqchip,PIC_BYTES,16", "KvmIrqchip,IOAPIC_BYTES,216",
        "KvmPitState2,SIZE,112", "KvmPitState2,CHANNEL_SIZE,24", "KvmPitState2,CHANNEL_COUNT_LOAD_TIME,16",
        "KvmClearDirtyLog,SIZE,24", "KvmClearDirtyLog,FIRST_PAGE,8", "KvmClearDirtyLog,DIRTY_BITMAP,16",
        "KvmFpu,SIZE,416", "KvmFpu,FCW,128", "KvmFpu,XMM,152", "KvmFpu,MXCSR,408",
        "KvmRun,SIZE,2352", "KvmRun,IMMEDIATE_EXIT,1", "KvmRun,EXIT_REASON,8", "KvmRun,IO_DIRECTION,32",
        "KvmRun,IO_SIZE,33", "KvmRun,IO_PORT,34", "KvmRun,IO_COUNT,36", "KvmRun,IO_DATA_OFFSET,40",
        "KvmRun,MMIO_PHYS_ADDR,32", "KvmRun,MMIO_DATA,40", "KvmRun,MMIO_LEN,48", "KvmRun,MMIO_IS_WRITE,52",
        "KvmRun,INTERNAL_SUBERROR,32", "KvmRun,SYSTEM_EVENT_TYPE,32", "KvmRun,MSR_INDEX,44", "KvmRun,MSR_DATA,48",
        "CpuidEntry,SIZE,40", "CpuidEntry,EAX,12", "KvmCpuid2,SIZE,8", "KvmMsrs,ENTRY_SIZE,16", "KvmMsrs,ENTRIES,8",
        "KvmMsrList,SIZE,4", "LapicState,SIZE,1024", "KvmUserspaceMemoryRegion,SIZE,32", "KvmIrqfd,SIZE,32",
        "KvmPmuEventFilter,SIZE,32", "KvmPmuEventFilter,NEVENTS,4", "KvmPmuEventFilter,EVENTS,32",
        "KvmIoeventfd,SIZE,64", "KvmPitConfig,SIZE,64", "KvmMpState,SIZE,4", "KvmEnableCap,SIZE,104",
        "KvmClockData,SIZE,48", "KvmVcpuEvents,SIZE,64", "KvmDebugregs,SIZE,128", "KvmXcrs,SIZE,392", "KvmNestedState,SIZE,128",
        "KvmXsave,SIZE,4096", "KvmIrqLevel,SIZE,8", "KvmIrqRouting,ENTRY_SIZE,48", "KvmCoalescedMmioZone,SIZE,16",
        "KvmCoalescedMmioRing,ENTRY_SIZE,24", "KvmCoalescedMmioRing,MAX_ENTRIES,170", "KvmDirtyLog,SIZE,16",
        "KvmExitReason,KVM_EXIT_IO,2", "KvmExitReason,KVM_EXIT_HLT,5", "KvmExitReason,KVM_EXIT_MMIO,6",
        "KvmExitReason,KVM_EXIT_SHUTDOWN,8", "KvmExitReason,KVM_EXIT_INTERNAL_ERROR,17",
        "KvmExitReason,KVM_EXIT_SYSTEM_EVENT,24", "KvmCap,KVM_CAP_USER_MEMORY,3", "KvmCap,KVM_CAP_IRQFD,32",
        "KvmCap,KVM_CAP_IMMEDIATE_EXIT,136", "KvmCap,KVM_CAP_COALESCED_PIO,162",
    })
    void constantIs(String type, String name, int value) throws ReflectiveOperationException {
        assertEquals(value, Class.forName("io.vmm4j.kvm.abi." + type).getField(name).getInt(null));
    }

    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource({
        "KVM_GET_API_VERSION,0xAE00", "KVM_CREATE_VM,0xAE01", "KVM_CHECK_EXTENSION,0xAE03",
        "KVM_GET_VCPU_MMAP_SIZE,0xAE04", "KVM_GET_SUPPORTED_CPUID,0xC008AE05", "KVM_CREATE_VCPU,0xAE41",
        "KVM_SET_USER_MEMORY_REGION,0x4020AE46", "KVM_SET_TSS_ADDR,0xAE47", "KVM_CREATE_IRQCHIP,0xAE60",
        "KVM_IRQFD,0x4020AE76", "KVM_CREATE_PIT2,0x4040AE77", "KVM_IOEVENTFD,0x4040AE79", "KVM_RUN,0xAE80",
        "KVM_GET_REGS,0x8090AE81", "KVM_SET_REGS,0x4090AE82", "KVM_GET_SREGS,0x8138AE83",
        "KVM_SET_SREGS,0x4138AE84", "KVM_SET_MSRS,0x4008AE89", "KVM_SET_CPUID2,0x4008AE90",
        "KVM_GET_SREGS2,0x8140AECC", "KVM_SET_SREGS2,0x4140AECD", "KVM_GET_XSAVE2,0x9000AECF", "KVM_GET_NESTED_STATE,0xC080AEBE", "KVM_SET_NESTED_STATE,0x4080AEBF", "KVM_GET_IRQCHIP,0xC208AE62",
        "KVM_SET_IRQCHIP,0x8208AE63", "KVM_GET_PIT2,0x8070AE9F", "KVM_SET_PIT2,0x4070AEA0", "KVM_CLEAR_DIRTY_LOG,0xC018AEC0",
        "KVM_ENABLE_CAP,0x4068AEA3", "KVM_SET_PMU_EVENT_FILTER,0x4020AEB2", "KVM_KVMCLOCK_CTRL,0xAEAD",
    })
    void requestIs(String name, String value) throws ReflectiveOperationException {
        assertEquals(Long.decode(value), KvmRequests.class.getField(name).getLong(null));
    }

    @Test
    void capabilityIsNamedAsInTheHeader() {
        assertEquals("KVM_CAP_IRQFD", KvmCap.name(32));
        assertEquals("capability 9999", KvmCap.name(9999));
    }
}
