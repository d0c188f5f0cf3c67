/**
 * What the devices' paths cost and allocate: JMH benchmarks of each path a request takes, without a guest.
 */
package io.vmm4j.bench.devices;
