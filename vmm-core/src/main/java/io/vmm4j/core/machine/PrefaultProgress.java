package io.vmm4j.core.machine;

import io.vmm4j.kvm.libc.LinuxException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings guest memory in piece by piece, and says in the log how far it is where that takes long. */
final class PrefaultProgress {

    private static final Logger LOG = LoggerFactory.getLogger(PrefaultProgress.class);
    private static final long STEP_BYTES = 256L << 20;
    private static final int TENTHS = 10;

    /** What is done to a range. */
    @FunctionalInterface
    interface Step {

        void apply(long offset, long length) throws LinuxException;
    }

    private PrefaultProgress() {
    }

    static void inSteps(long bytes, Step step) throws LinuxException {
        long tenthsSaid = 0;
        for (long done = 0; done < bytes; ) {
            long length = Math.min(STEP_BYTES, bytes - done);
            step.apply(done, length);
            done += length;
            long tenths = done / Math.max(1, bytes / TENTHS);
            if (tenths > tenthsSaid && bytes > STEP_BYTES) {
                tenthsSaid = tenths;
                LOG.info("guest memory: {} of {} MiB brought in", done >> 20, bytes >> 20);
            }
        }
    }
}
