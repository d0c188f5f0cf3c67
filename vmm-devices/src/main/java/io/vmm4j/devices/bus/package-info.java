/**
 * The port-I/O and memory-mapped buses: windows of registers, and what becomes of accesses that no device claims.
 */
package io.vmm4j.devices.bus;
