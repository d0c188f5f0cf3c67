package io.vmm4j.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.vmm4j.core.Vm;
import io.vmm4j.core.metrics.MetricSample;
import io.vmm4j.core.metrics.MetricSamples;
import io.vmm4j.core.metrics.VmMetrics;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The numbers of one machine as meters: those of {@link VmMetrics}, named as in {@link MetricSamples} with dots for underscores
 * ({@code vmm.drive.read.bytes}), with the tag {@code vm} and, where there are several devices of a kind, {@code device}. Counters are function
 * counters, levels are gauges. Nothing is read but when the registry asks, and one look serves all meters that are asked within a moment.
 *
 * <p>The meters keep the numbers, not the machine's memory, and stay when it has ended, as they were then, until {@link #close()} takes them
 * out of the registries. Devices that come or go later are not followed. Thread-safe.
 */
public final class VmMeters implements MeterBinder, AutoCloseable {

    private static final long MOMENT_NANOS = 100_000_000;

    private final String vm;
    private final Supplier<VmMetrics> source;
    private final LongSupplier nanoTime;
    private final Iterable<Tag> tags;
    private final Collection<Bound> bound = new ConcurrentLinkedQueue<>();
    /** Guarded by this, as the two below. */
    private Map<Key, Long> look = Map.of();
    private boolean hasLooked;
    private long lookedNanos;

    private record Key(String name, String device) {
    }

    private record Bound(MeterRegistry registry, Meter meter) {
    }

    /** The meters of {@code vm}, by its name. */
    public VmMeters(Vm vm) {
        this(vm, Tags.empty());
    }

    /** @param tags given to each meter besides */
    public VmMeters(Vm vm, Iterable<Tag> tags) {
        this(vm.name(), vm::metrics, tags, System::nanoTime);
    }

    /** @param nanoTime as {@link System#nanoTime()} */
    VmMeters(String vm, Supplier<VmMetrics> source, Iterable<Tag> tags, LongSupplier nanoTime) {
        this.vm = Objects.requireNonNull(vm, "vm");
        this.source = source;
        this.tags = Objects.requireNonNull(tags, "tags");
        this.nanoTime = nanoTime;
    }

    /** Registers a meter a number; may be called for several registries. */
    @Override
    public void bindTo(MeterRegistry registry) {
        MetricSamples.of(source.get()).forEach(sample -> bound.add(new Bound(registry, meterOf(sample, registry))));
    }

    private Meter meterOf(MetricSample sample, MeterRegistry registry) {
        Key key = new Key(sample.name(), sample.device());
        String name = sample.name().replace('_', '.');
        Tags all = Tags.of(tags).and("vm", vm);
        if (sample.device() != null) {
            all = all.and("device", sample.device());
        }
        // A meter has its object weakly and its function strongly: the function has this and the key, so that a caller need keep neither.
        return switch (sample.kind()) {
            case COUNTER -> FunctionCounter.builder(name, key, same -> valueOf(key)).description(sample.help()).tags(all).register(registry);
            case GAUGE -> Gauge.builder(name, key, same -> valueOf(key)).description(sample.help()).tags(all).register(registry);
        };
    }

    private synchronized double valueOf(Key key) {
        long now = nanoTime.getAsLong();
        if (!hasLooked || now - lookedNanos > MOMENT_NANOS) {
            look = valuesOf(MetricSamples.of(source.get()));
            lookedNanos = now;
            hasLooked = true;
        }
        return look.getOrDefault(key, 0L);
    }

    private static Map<Key, Long> valuesOf(List<MetricSample> samples) {
        Map<Key, Long> values = new HashMap<>();
        samples.forEach(sample -> values.put(new Key(sample.name(), sample.device()), sample.value()));
        return values;
    }

    /** Takes the meters out of all registries they are in. */
    @Override
    public void close() {
        bound.removeIf(each -> {
            each.registry().remove(each.meter());
            return true;
        });
    }
}
