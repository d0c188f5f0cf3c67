package io.vmm4j.core.machine;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.vcpu.VcpuEvents;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Something that an embedder brought along, by the name it goes by: answers for what its code throws, which is neither the
 * monitor's fault nor to be felt by anything but the machine it is in. Thread-safe.
 *
 * <p>Those who call that code catch {@link Throwable}: errors of linkage, of the stack and of memory come from there as well,
 * and languages other than Java throw checked exceptions where none is declared.
 */
final class GivenPart {

    private static final Logger LOG = LoggerFactory.getLogger(GivenPart.class);

    private final String name;
    private final String key;
    private final VcpuEvents events;
    private final AtomicBoolean hasFailed = new AtomicBoolean();

    /**
     * @param name   for messages: {@code device shouter}
     * @param key    under which it is refused, as that of a configuration
     * @param events hears of its fault
     */
    GivenPart(String name, String key, VcpuEvents events) {
        this.name = name;
        this.key = key;
        this.events = events;
    }

    /** What it goes by. */
    String name() {
        return name;
    }

    /** Whether it has thrown before: it is left alone from then on, as far as that goes. */
    boolean hasFailed() {
        return hasFailed.get();
    }

    /** It threw while the machine was there: that one ends. The first time counts; more would tell nothing new. */
    void failed(String call, Throwable thrown) {
        if (!hasFailed.compareAndSet(false, true)) {
            return;
        }
        String message = name + ": " + call + " threw " + describe(thrown);
        // Told before it is logged: the machine's end does not depend on the log.
        events.end(new VmExit(isHosts(thrown) ? VmExitReason.HOST_ERROR : VmExitReason.DEVICE_FAULT, message, thrown));
        LOG.error("{}", message, thrown);
    }

    /** {@code code} of its own, which is this part's fault when it throws. */
    Runnable guarded(String what, Runnable code) {
        return () -> {
            try {
                code.run();
            } catch (Throwable e) {
                failed(what, e);
            }
        };
    }

    /** It threw at the machine's end, which goes on. */
    void failedToEnd(String call, Throwable thrown) {
        LOG.warn("{}: {} threw {}", name, call, describe(thrown), thrown);
    }

    /** It cannot be what it is to be. */
    GivenPartException refused(String why) {
        return new GivenPartException(key, name + ": " + why, null);
    }

    /** It threw while the machine was put together. */
    GivenPartException refused(String call, Throwable thrown) {
        if (thrown instanceof GivenPartException refusal) {
            return refusal;
        }
        return new GivenPartException(key, name + ": " + call + " threw " + describe(thrown), thrown);
    }

    private static boolean isHosts(Throwable thrown) {
        return thrown instanceof UncheckedIOException;
    }

    /** An exception's own methods are the embedder's code too. */
    static String describe(Throwable thrown) {
        try {
            return String.valueOf(thrown);
        } catch (Throwable e) {
            return thrown.getClass().getName();
        }
    }
}
