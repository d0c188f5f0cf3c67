package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.KvmClockData;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/**
 * A machine's clock, kvmclock, and what the host's clocks showed at that moment: {@link KvmVm#saveClock} and {@link
 * KvmVm#restoreClock}.
 *
 * @param clockNanos what the guest sees, since its machine was made
 * @param realtimeNanos the host's CLOCK_REALTIME, since 1970
 * @param hostTsc the host's time-stamp counter; 0 where KVM does not tell
 */
public record ClockState(long clockNanos, long realtimeNanos, long hostTsc) {

    /**
     * @param flags what KVM_CAP_ADJUST_CLOCK says KVM has
     */
    static ClockState of(KvmClockData data, int flags) {
        boolean tells = (flags & data.flags() & KvmClockData.KVM_CLOCK_REALTIME) != 0;
        return new ClockState(data.clock(), tells ? data.realtime() : nowNanos(),
                (data.flags() & KvmClockData.KVM_CLOCK_HOST_TSC) != 0 ? data.hostTsc() : 0);
    }

    /** To set: as it was, or moved on by the time that has gone by on the host's CLOCK_REALTIME, never back. */
    KvmClockData toData(boolean moveWallTime, int flags) {
        if (!moveWallTime) {
            return new KvmClockData(clockNanos, 0, 0, 0);
        }
        if ((flags & KvmClockData.KVM_CLOCK_REALTIME) != 0) {
            return new KvmClockData(clockNanos, KvmClockData.KVM_CLOCK_REALTIME, realtimeNanos, 0);
        }
        return new KvmClockData(clockNanos + Math.max(0, nowNanos() - realtimeNanos), 0, 0, 0);
    }

    private static long nowNanos() {
        Instant now = Instant.now();
        return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
    }
}
