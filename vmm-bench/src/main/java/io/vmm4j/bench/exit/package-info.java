/** What it costs that a guest comes out to a device. */
package io.vmm4j.bench.exit;
