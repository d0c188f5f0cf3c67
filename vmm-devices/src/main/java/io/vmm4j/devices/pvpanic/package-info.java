/**
 * The device by which a guest's kernel tells the host that it panicked (QEMU's docs/specs/pvpanic).
 */
package io.vmm4j.devices.pvpanic;
