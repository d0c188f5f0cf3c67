package io.vmm4j.kvm;

/** Why {@link KvmVcpu#run} came back. The accessors of {@link KvmVcpu} have the details. */
public enum VcpuExit {
    /** Port or device accesses were served, or there was nothing to do. Run again. */
    HANDLED,
    /** A signal came or the immediate-exit flag was set; the flag is clear now. */
    INTERRUPTED,
    /** The guest executed HLT and KVM has no interrupt controller of its own. */
    HLT,
    /** Triple fault, or another way of the CPU to give up. */
    SHUTDOWN,
    /** The guest asked for power-off or reset in a paravirtual way: {@link KvmVcpu#systemEventType()}. */
    SYSTEM_EVENT,
    /** The CPU refused the guest state: {@link KvmVcpu#failEntryReason()}. */
    FAIL_ENTRY,
    /** KVM gave up: {@link KvmVcpu#internalErrorSuberror()}. */
    INTERNAL_ERROR,
    /** The guest takes interrupts now, as was asked for; without an interrupt controller in KVM only. */
    IRQ_WINDOW_OPEN,
    /** A breakpoint or step of guest debugging. */
    DEBUG,
    /** A hypercall that user space asked to see: {@link KvmVcpu#hypercallNumber()}. */
    HYPERCALL,
    /** The guest reads an MSR left to user space: {@link KvmVcpu#msrIndex()}, {@link KvmVcpu#completeMsr}. */
    RDMSR,
    /** The guest writes an MSR left to user space. */
    WRMSR,
    /** End of interrupt for {@link KvmVcpu#eoiVector()}, with the I/O APIC in user space. */
    IOAPIC_EOI,
    /** The task priority register was written, without an interrupt controller in KVM. */
    SET_TPR,
    /** The guest touched its task priority register and reporting is on. */
    TPR_ACCESS,
    /** The memory behind {@link KvmVcpu#memoryFaultGpa()} could not be used. */
    MEMORY_FAULT,
    /** The guest locked the bus and reporting is on. */
    BUS_LOCK,
    /** The CPU noticed a guest that admits no interrupts. */
    NOTIFY,
    /** The dirty ring must be collected before the guest runs on. */
    DIRTY_RING_FULL,
    /** A reason not listed here: {@link KvmVcpu#exitReason()}. */
    UNKNOWN
}
