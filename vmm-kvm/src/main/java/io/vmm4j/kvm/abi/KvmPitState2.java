package io.vmm4j.kvm.abi;

/** Argument of KVM_GET_PIT2 and KVM_SET_PIT2: the interval timer in KVM. */
public final class KvmPitState2 {
    /*
     * struct kvm_pit_state2 {
     *     struct kvm_pit_channel_state {
     *         __u32 count;
     *         __u16 latched_count;
     *         __u8  count_latched, status_latched, status, read_state, write_state, write_latch;
     *         __u8  rw_mode, mode, bcd, gate;
     *         __s64 count_load_time;           // host CLOCK_MONOTONIC, nanoseconds
     *     } channels[3];
     *     __u32 flags;
     *     __u32 reserved[9];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 112;
    public static final int CHANNELS = 0;
    public static final int FLAGS = 72;

    /** How many channels there are. */
    public static final int CHANNELS_COUNT = 3;

    /** Bytes of one channel. */
    public static final int CHANNEL_SIZE = 24;
    public static final int CHANNEL_COUNT_LOAD_TIME = 16;

    private KvmPitState2() {
    }
}
