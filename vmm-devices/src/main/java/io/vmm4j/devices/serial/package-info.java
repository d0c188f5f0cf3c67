/**
 * The 16550A serial port (PC16550D datasheet) and what stands at its far end.
 */
package io.vmm4j.devices.serial;
