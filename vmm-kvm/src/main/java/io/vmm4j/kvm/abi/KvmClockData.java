package io.vmm4j.kvm.abi;

import java.nio.ByteBuffer;

/**
 * Argument of KVM_GET_CLOCK and KVM_SET_CLOCK: the guest's kvmclock.
 *
 * @param clock nanoseconds since the VM was made, as the guest sees them
 * @param flags KVM_CLOCK constants
 * @param realtime host CLOCK_REALTIME in nanoseconds at that moment, with KVM_CLOCK_REALTIME
 * @param hostTsc host TSC at that moment, with KVM_CLOCK_HOST_TSC
 */
public record KvmClockData(long clock, int flags, long realtime, long hostTsc) {
    /*
     * struct kvm_clock_data {
     *     __u64 clock;
     *     __u32 flags;
     *     __u32 pad0;
     *     __u64 realtime;
     *     __u64 host_tsc;
     *     __u32 pad[4];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 48;
    public static final int CLOCK = 0;
    public static final int FLAGS = 8;
    public static final int REALTIME = 16;
    public static final int HOST_TSC = 24;

    /** flags, out: all vCPUs see one clock. */
    public static final int KVM_CLOCK_TSC_STABLE = 2;
    /** flags: realtime holds; on set, the clock moves on by the time that passed since. */
    public static final int KVM_CLOCK_REALTIME = 4;
    /** flags: host_tsc holds. */
    public static final int KVM_CLOCK_HOST_TSC = 8;

    /** Reads the structure. */
    public static KvmClockData readFrom(ByteBuffer b) {
        return new KvmClockData(b.getLong(CLOCK), b.getInt(FLAGS), b.getLong(REALTIME), b.getLong(HOST_TSC));
    }

    /** Writes the structure. */
    public void writeTo(ByteBuffer b) {
        b.putLong(CLOCK, clock).putInt(FLAGS, flags).putLong(REALTIME, realtime).putLong(HOST_TSC, hostTsc);
    }
}
