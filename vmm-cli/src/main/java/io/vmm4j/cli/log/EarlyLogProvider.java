package io.vmm4j.cli.log;

import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.helpers.Reporter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/** Binds slf4j to {@link EarlyLoggers}, which have log4j2's loggers behind them later. */
public final class EarlyLogProvider implements SLF4JServiceProvider {

    private final EarlyLoggers loggers = new EarlyLoggers();
    private final IMarkerFactory markers = new BasicMarkerFactory();
    private final MDCAdapter mdc = new NOPMDCAdapter();

    /**
     * Makes slf4j take this provider, unless the user has named another: to be called before anything is logged. slf4j
     * would look through all jars for one and find log4j2's, which starts log4j2 at once.
     */
    public static void choose() {
        System.getProperties().putIfAbsent(LoggerFactory.PROVIDER_PROPERTY_KEY, EarlyLogProvider.class.getName());
        // At info, slf4j tells the terminal that a provider was named.
        System.getProperties().putIfAbsent(Reporter.SLF4J_INTERNAL_VERBOSITY_KEY, "WARN");
    }

    @Override
    public ILoggerFactory getLoggerFactory() {
        return loggers;
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
