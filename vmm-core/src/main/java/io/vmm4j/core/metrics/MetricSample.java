package io.vmm4j.core.metrics;

import java.util.Objects;

/**
 * One number with its name, in the manner of Prometheus and Micrometer.
 *
 * @param name    lower-case words joined by underscores, such as {@code vmm_drive_read_bytes}; the same for all devices of a kind
 * @param help    what is counted, one line
 * @param device  which device of its kind, or {@code null} where there is one at most
 * @param kind    whether it only grows
 * @param value   the number, unsigned
 */
public record MetricSample(String name, String help, String device, Kind kind, long value) {

    /** What a number does over time. */
    public enum Kind {
        /** Only grows. */
        COUNTER,
        /** Goes up and down. */
        GAUGE
    }

    public MetricSample {
        Objects.requireNonNull(name);
        Objects.requireNonNull(help);
        Objects.requireNonNull(kind);
    }
}
