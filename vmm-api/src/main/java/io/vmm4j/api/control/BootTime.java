package io.vmm4j.api.control;

import io.vmm4j.kvm.libc.CpuTime;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says in the log how long a guest took to boot, in time and in this process's processor time. Immutable; run on vCPU threads. */
final class BootTime implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(BootTime.class);
    private static final long MICROS_PER_MILLI = 1_000;

    private final long beginNanos;
    private final long beginCpuMicros;

    private BootTime(long beginNanos, long beginCpuMicros) {
        this.beginNanos = beginNanos;
        this.beginCpuMicros = beginCpuMicros;
    }

    /** Counts from now on. */
    static BootTime fromNow() {
        return new BootTime(System.nanoTime(), CpuTime.processMicros());
    }

    /** The guest has booted. */
    @Override
    public void run() {
        long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - beginNanos);
        long cpuMicros = CpuTime.processMicros() - beginCpuMicros;
        if (LOG.isInfoEnabled()) {
            LOG.info("{}", text(micros, cpuMicros));
        }
    }

    /** Firecracker's line, which its tools look for. */
    static String text(long micros, long cpuMicros) {
        return String.format(Locale.ROOT, "Guest-boot-time = %6d us %d ms, %6d CPU us %d CPU ms", micros, micros / MICROS_PER_MILLI, cpuMicros,
                cpuMicros / MICROS_PER_MILLI);
    }
}
