/**
 * What a machine has done, in numbers: {@link io.vmm4j.core.metrics.VmMetrics} is one look at all of them,
 * {@link io.vmm4j.core.metrics.MetricSamples} the same as named values, for monitoring systems.
 */
package io.vmm4j.core.metrics;
