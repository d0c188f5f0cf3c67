package io.vmm4j.core.host;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A wait for threads of a machine that ought to be short. One that is not says in the log which threads it is for and where
 * they are: after {@value #FIRST_MILLIS} ms, then after twice as long each time. Confined to the thread that waits.
 */
public final class SlowWait {

    /** What is short. */
    public static final long FIRST_MILLIS = 5_000;

    private static final long RAREST_MILLIS = TimeUnit.HOURS.toMillis(1);
    private static final int THREADS_MAX = 8;

    private static final class Log {
        static final Logger LOG = LoggerFactory.getLogger(SlowWait.class);
    }

    /** One look at what is waited for. */
    @FunctionalInterface
    public interface Wait {

        /** Waits {@code millis} at most, whether interrupted or not; returns whether the wait is over. */
        boolean within(long millis);
    }

    private final String what;
    private final Supplier<List<Thread>> culprits;
    private final BiConsumer<String, Throwable> log;
    private long stepMillis;
    private long waitedMillis;

    /**
     * @param what     has not come: "the machine's end"
     * @param culprits the threads that keep it from coming, as far as is known
     */
    public SlowWait(String what, Supplier<List<Thread>> culprits) {
        this(what, culprits, FIRST_MILLIS, (line, where) -> Log.LOG.warn(line, where));
    }

    /** @param log takes a line and the stack that belongs to it */
    SlowWait(String what, Supplier<List<Thread>> culprits, long firstMillis, BiConsumer<String, Throwable> log) {
        this.what = what;
        this.culprits = culprits;
        this.stepMillis = firstMillis;
        this.log = log;
    }

    /** Waits as long as it takes. */
    public void await(Wait wait) {
        while (!isOverSoon(wait)) {
            continue;
        }
    }

    /** Waits as long as is short for now, and says so when that was not enough. */
    public boolean isOverSoon(Wait wait) {
        if (wait.within(stepMillis)) {
            return true;
        }
        tell();
        return false;
    }

    /** Says that it has taken as long as is short for now: what is, is longer from then on. */
    public void tell() {
        waitedMillis += stepMillis;
        List<Thread> threads = culprits.get();
        threads.stream().limit(THREADS_MAX).forEach(thread -> log.accept(what + " has not come within " + waitedMillis + " ms: thread "
                + thread.getName() + " (" + thread.getState() + ") is still at work", new Whereabouts(thread)));
        stepMillis = Math.min(2 * stepMillis, RAREST_MILLIS);
    }

    /** What is short for now. */
    public long stepMillis() {
        return stepMillis;
    }

    /** Where a thread is, for the log. */
    private static final class Whereabouts extends Throwable {

        private static final long serialVersionUID = 1L;

        Whereabouts(Thread thread) {
            super("thread " + thread.getName(), null, false, true);
            setStackTrace(thread.getStackTrace());
        }

        @Override
        public Throwable fillInStackTrace() {
            return this;
        }

        @Override
        public String toString() {
            return getMessage();
        }
    }
}
