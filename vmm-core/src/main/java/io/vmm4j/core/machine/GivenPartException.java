package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.ConfigProblem;
import io.vmm4j.core.host.Threads;
import io.vmm4j.kvm.libc.ResourceLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;

/** Devices or consoles of the embedder's cannot be used, or threw while the machine was put together. */
final class GivenPartException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient List<ConfigProblem> problems;

    /** @param cause what it threw, or {@code null} */
    GivenPartException(String key, String message, Throwable cause) {
        super(message, cause);
        this.problems = List.of(new ConfigProblem(key, message));
    }

    /** All of {@code refused}, at least one, in one. */
    GivenPartException(List<GivenPartException> refused) {
        super(refused.get(0).getMessage(), refused.get(0).getCause());
        this.problems = refused.stream().flatMap(one -> one.problems.stream()).toList();
        refused.stream().skip(1).map(Throwable::getCause).filter(Objects::nonNull).forEach(this::addSuppressed);
    }

    /** As the embedder's mistake. */
    ConfigException asMistake() {
        ConfigException mistake = new ConfigException(problems);
        mistake.initCause(getCause());
        for (Throwable other : getSuppressed()) {
            mistake.addSuppressed(other);
        }
        return mistake;
    }

    /** Whether it was the host that refused: the part asked for a file, a timer or a thread. */
    boolean isHosts() {
        return getCause() instanceof IOException || getCause() instanceof UncheckedIOException || Threads.isLackOfThreads(getCause());
    }

    /** As the host's refusal. */
    IOException asRefusal() {
        return new IOException(getMessage() + (Threads.isLackOfThreads(getCause()) ? "; " + ResourceLimits.ofThreads() : ""), getCause());
    }
}
