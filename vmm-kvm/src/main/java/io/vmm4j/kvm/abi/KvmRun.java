package io.vmm4j.kvm.abi;

/** The area that KVM shares with user space for each vCPU: why KVM_RUN came back, and the data of that exit. */
public final class KvmRun {
    /*
     * struct kvm_run {
     *     __u8  request_interrupt_window;          // in
     *     __u8  immediate_exit;                    // in
     *     __u8  padding1[6];
     *     __u32 exit_reason;                       // out
     *     __u8  ready_for_interrupt_injection;     // out
     *     __u8  if_flag;                           // out
     *     __u16 flags;                             // out
     *     __u64 cr8;
     *     __u64 apic_base;
     *     union {                                  // out, by exit_reason
     *         struct { __u64 hardware_exit_reason; } hw;
     *         struct { __u64 hardware_entry_failure_reason; __u32 cpu; } fail_entry;
     *         struct { __u32 exception; __u32 error_code; } ex;
     *         struct { __u8 direction, size; __u16 port; __u32 count; __u64 data_offset; } io;
     *         struct { __u64 phys_addr; __u8 data[8]; __u32 len; __u8 is_write; } mmio;
     *         struct { __u64 nr; __u64 args[6]; __u64 ret; __u64 flags; } hypercall;
     *         struct { __u32 suberror; __u32 ndata; __u64 data[16]; } internal;
     *         struct { __u32 type; __u32 ndata; __u64 data[16]; } system_event;
     *         struct { __u8 vector; } eoi;
     *         struct { __u8 error; __u8 pad[7]; __u32 reason; __u32 index; __u64 data; } msr;
     *         struct { __u64 flags; __u64 gpa; __u64 size; } memory_fault;
     *         char padding[256];
     *     };
     *     __u64 kvm_valid_regs;
     *     __u64 kvm_dirty_regs;
     *     union { struct kvm_sync_regs regs; char padding[2048]; } s;
     * };
     */
    /** Bytes. */
    public static final int SIZE = 2352;
    public static final int REQUEST_INTERRUPT_WINDOW = 0;
    public static final int IMMEDIATE_EXIT = 1;
    public static final int EXIT_REASON = 8;
    public static final int READY_FOR_INTERRUPT_INJECTION = 12;
    public static final int IF_FLAG = 13;
    public static final int FLAGS = 14;
    public static final int CR8 = 16;
    public static final int APIC_BASE = 24;
    public static final int HW_HARDWARE_EXIT_REASON = 32;
    public static final int FAIL_ENTRY_HARDWARE_ENTRY_FAILURE_REASON = 32;
    public static final int FAIL_ENTRY_CPU = 40;
    public static final int EX_EXCEPTION = 32;
    public static final int EX_ERROR_CODE = 36;
    public static final int IO_DIRECTION = 32;
    public static final int IO_SIZE = 33;
    public static final int IO_PORT = 34;
    public static final int IO_COUNT = 36;
    public static final int IO_DATA_OFFSET = 40;
    public static final int MMIO_PHYS_ADDR = 32;
    public static final int MMIO_DATA = 40;
    public static final int MMIO_LEN = 48;
    public static final int MMIO_IS_WRITE = 52;
    public static final int HYPERCALL_NR = 32;
    public static final int HYPERCALL_ARGS = 40;
    public static final int HYPERCALL_RET = 88;
    public static final int INTERNAL_SUBERROR = 32;
    public static final int INTERNAL_NDATA = 36;
    public static final int INTERNAL_DATA = 40;
    public static final int SYSTEM_EVENT_TYPE = 32;
    public static final int SYSTEM_EVENT_NDATA = 36;
    public static final int SYSTEM_EVENT_DATA = 40;
    public static final int EOI_VECTOR = 32;
    public static final int MSR_ERROR = 32;
    public static final int MSR_REASON = 40;
    public static final int MSR_INDEX = 44;
    public static final int MSR_DATA = 48;
    public static final int MEMORY_FAULT_FLAGS = 32;
    public static final int MEMORY_FAULT_GPA = 40;
    public static final int MEMORY_FAULT_SIZE = 48;

    /** Words that internal.data and system_event.data hold. */
    public static final int INTERNAL_DATA_COUNT = 16;

    /** io.direction: the guest reads. */
    public static final int KVM_EXIT_IO_IN = 0;
    /** io.direction: the guest writes. */
    public static final int KVM_EXIT_IO_OUT = 1;
    /** internal.suberror: the instruction emulator met one it lacks. */
    public static final int KVM_INTERNAL_ERROR_EMULATION = 1;
    /** internal.suberror: an event was to be delivered twice at once. */
    public static final int KVM_INTERNAL_ERROR_SIMUL_EX = 2;
    /** internal.suberror: the delivery of an event met an exit. */
    public static final int KVM_INTERNAL_ERROR_DELIVERY_EV = 3;
    /** internal.suberror: the hardware gave a reason that KVM does not know. */
    public static final int KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON = 4;
    /** system_event.type: power off. */
    public static final int KVM_SYSTEM_EVENT_SHUTDOWN = 1;
    /** system_event.type: reset. */
    public static final int KVM_SYSTEM_EVENT_RESET = 2;
    /** system_event.type: the guest reports its crash. */
    public static final int KVM_SYSTEM_EVENT_CRASH = 3;

    private KvmRun() {
    }
}
