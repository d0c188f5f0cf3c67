package io.vmm4j.cli.firecracker;

import io.vmm4j.api.control.ApiMetrics;
import io.vmm4j.api.request.MetricsBody;
import io.vmm4j.core.Vm;
import io.vmm4j.core.metrics.VmMetrics;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts for the API, and writes that and the machine's numbers as Firecracker's lines of metrics: when the machine has started, every
 * {@value #PERIOD_SECONDS} s from then on, and when it is told to. What a line that was not taken would have told, the next one tells.
 * Thread-safe.
 */
final class DoorMetrics implements ApiMetrics {

    private static final Logger LOG = LoggerFactory.getLogger(DoorMetrics.class);
    private static final long PERIOD_SECONDS = 60;

    private final LongSupplier clock;
    private final LongSupplier missedLogs;
    private final LongSupplier limitedLogs;
    private final Timer timer;
    private final Map<String, Long> own = new HashMap<>();
    private Map<String, Long> told = Map.of();
    private Supplier<VmMetrics> machine;
    private MetricsFile file;

    /** Has work done again and again. */
    @FunctionalInterface
    interface Timer {
        /** From {@code seconds} from now on. */
        void every(long seconds, Runnable work);
    }

    /**
     * @param clock       milliseconds since the epoch
     * @param missedLogs  lines that the log has dropped
     * @param limitedLogs lines that the log's limit has kept back
     */
    DoorMetrics(LongSupplier clock, LongSupplier missedLogs, LongSupplier limitedLogs) {
        this(clock, missedLogs, limitedLogs, DoorMetrics::onOwnThread);
    }

    /** @param timer has the lines written */
    DoorMetrics(LongSupplier clock, LongSupplier missedLogs, LongSupplier limitedLogs, Timer timer) {
        this.clock = clock;
        this.missedLogs = missedLogs;
        this.limitedLogs = limitedLogs;
        this.timer = timer;
    }

    @Override
    public synchronized void count(String group, String field) {
        if (MetricGroups.has(group, field)) {
            own.merge(group + "." + field, 1L, Long::sum);
        }
    }

    @Override
    public synchronized void store(String group, String field, long value) {
        if (MetricGroups.has(group, field)) {
            own.put(group + "." + field, value);
        }
    }

    @Override
    public synchronized void open(MetricsBody config) throws IOException {
        MetricsFile opened = MetricsFile.open(config.metricsPath());
        if (file != null) {
            opened.close();
            throw new IOException("Reinitialization of metrics not allowed.");
        }
        file = opened;
    }

    @Override
    public void check(MetricsBody config) throws IOException {
        MetricsFile.open(config.metricsPath()).close();
    }

    @Override
    public void started(Vm vm) {
        started(vm::metrics);
    }

    /** The machine has started, and {@code numbers} count from now on. */
    void started(Supplier<VmMetrics> numbers) {
        watch(numbers);
        flushLogged();
        if (isOpen()) {
            timer.every(PERIOD_SECONDS, this::flushLogged);
        }
    }

    private static void onOwnThread(long seconds, Runnable work) {
        ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread made = new Thread(task, "fc_metrics");
            made.setDaemon(true);
            return made;
        });
        thread.scheduleAtFixedRate(work, seconds, seconds, TimeUnit.SECONDS);
    }

    /** The machine's numbers count from now on. */
    synchronized void watch(Supplier<VmMetrics> numbers) {
        machine = numbers;
    }

    private synchronized boolean isOpen() {
        return file != null;
    }

    /** As {@link #flush}; a failure is logged. */
    void flushLogged() {
        try {
            flush();
        } catch (IOException | RuntimeException e) {
            count("logger", "missed_metrics_count");
            LOG.error("Failed to write metrics: {}", e.getMessage());
        }
    }

    @Override
    public synchronized void flush() throws IOException {
        if (file == null) {
            return;
        }
        Map<String, Long> now = new HashMap<>(own);
        now.put("logger.missed_log_count", missedLogs.getAsLong());
        now.put("logger.rate_limited_log_count", limitedLogs.getAsLong());
        SortedMap<String, SortedSet<String>> devices = new TreeMap<>();
        devices.put(MetricGroups.BLOCK, new TreeSet<>());
        devices.put(MetricGroups.NET, new TreeSet<>());
        if (machine != null) {
            VmMetrics metrics = machine.get();
            now.putAll(VmNumbers.of(metrics));
            devices.get(MetricGroups.BLOCK).addAll(metrics.drives().keySet());
            devices.get(MetricGroups.NET).addAll(metrics.networks().keySet());
        }
        file.write(MetricsLine.of(clock.getAsLong(), told, now, devices));
        told = now;
    }
}
