package io.vmm4j.cli.firecracker;

import io.vmm4j.api.FirecrackerOptions;
import io.vmm4j.cli.log.LocalClock;
import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.helpers.Reporter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/** Binds slf4j to a {@link DoorLog}. */
public final class DoorLogProvider implements SLF4JServiceProvider {

    private final IMarkerFactory markers = new BasicMarkerFactory();
    private final MDCAdapter mdc = new NOPMDCAdapter();
    private DoorLog log;

    /** Makes slf4j take this provider, and gives the log behind it: to be called before anything is logged. */
    static DoorLog choose() {
        System.setProperty(LoggerFactory.PROVIDER_PROPERTY_KEY, DoorLogProvider.class.getName());
        // At info, slf4j tells the terminal that a provider was named.
        System.getProperties().putIfAbsent(Reporter.SLF4J_INTERNAL_VERBOSITY_KEY, "WARN");
        return (DoorLog) LoggerFactory.getILoggerFactory();
    }

    @Override
    public void initialize() {
        log = new DoorLog(new StandardOutput(), FirecrackerOptions.DEFAULT_ID, LocalClock::now, new LogLimit(System::nanoTime));
    }

    @Override
    public ILoggerFactory getLoggerFactory() {
        return log;
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
}
