package io.vmm4j.cli.log;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.Logger;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/** Binds slf4j to the process's {@link LogQueue}. Found through META-INF/services. */
public final class QueueLoggerProvider implements SLF4JServiceProvider {

    private static final LogQueue QUEUE = new LogQueue();

    private final Map<String, Logger> loggers = new ConcurrentHashMap<>();
    private final IMarkerFactory markers = new BasicMarkerFactory();
    private final MDCAdapter mdc = new NOPMDCAdapter();

    /** The queue of this process. */
    static LogQueue queue() {
        return QUEUE;
    }

    @Override
    public ILoggerFactory getLoggerFactory() {
        return this::logger;
    }

    private Logger logger(String name) {
        Logger known = loggers.get(name);
        if (known != null) {
            return known;
        }
        Logger created = new QueueLogger(name, QUEUE);
        Logger earlier = loggers.putIfAbsent(name, created);
        return earlier == null ? created : earlier;
    }

    @Override
    public IMarkerFactory getMarkerFactory() {
        return markers;
    }

    @Override
    public MDCAdapter getMDCAdapter() {
        return mdc;
    }

    @Override
    public String getRequestedApiVersion() {
        return "2.0.99";
    }

    @Override
    public void initialize() {
        // Everything is made with the object.
    }
}
