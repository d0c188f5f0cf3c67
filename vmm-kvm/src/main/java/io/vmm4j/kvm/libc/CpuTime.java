package io.vmm4j.kvm.libc;

/** The processor time that this process has used, all its threads together. Thread-safe. */
public final class CpuTime {
    /* linux/time.h; struct timespec { s64 tv_sec, tv_nsec; } */
    private static final int CLOCK_PROCESS_CPUTIME_ID = 2;
    private static final int TIMESPEC_SIZE = 16;
    private static final int TV_NSEC = 8;
    private static final long MICROS_PER_SECOND = 1_000_000;
    private static final long NANOS_PER_MICRO = 1_000;

    private CpuTime() {
    }

    /** Microseconds since the process began. */
    public static long processMicros() {
        NativeStruct time = NativeStruct.allocate(TIMESPEC_SIZE);
        if (LibC.clockGettime(CLOCK_PROCESS_CPUTIME_ID, time) < 0) {
            throw new IllegalStateException("clock_gettime(CLOCK_PROCESS_CPUTIME_ID): errno " + LibC.errno());
        }
        return time.bytes().getLong(0) * MICROS_PER_SECOND + time.bytes().getLong(TV_NSEC) / NANOS_PER_MICRO;
    }
}
