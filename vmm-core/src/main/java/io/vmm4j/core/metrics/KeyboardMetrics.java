package io.vmm4j.core.metrics;

/**
 * The keyboard controller (i8042).
 *
 * @param reads  bytes read from its two ports
 * @param writes bytes written to them
 * @param resets resets of the machine that were asked for by it
 */
public record KeyboardMetrics(long reads, long writes, long resets) {
}
