package io.vmm4j.kvm.abi;

/** Argument of KVM_SET_PMU_EVENT_FILTER: the events that a guest's performance counters may count. */
public final class KvmPmuEventFilter {
    /*
     * struct kvm_pmu_event_filter {
     *     __u32 action;
     *     __u32 nevents;
     *     __u32 fixed_counter_bitmap;
     *     __u32 flags;
     *     __u32 pad[4];
     *     __u64 events[];
     * };
     */
    /** Bytes without events. */
    public static final int SIZE = 32;
    public static final int ACTION = 0;
    public static final int NEVENTS = 4;
    public static final int FIXED_COUNTER_BITMAP = 8;
    public static final int FLAGS = 12;
    public static final int EVENTS = 32;

    /** Only the events listed count. */
    public static final int KVM_PMU_EVENT_ALLOW = 0;
    /** All but the events listed count. */
    public static final int KVM_PMU_EVENT_DENY = 1;

    private KvmPmuEventFilter() {
    }
}
