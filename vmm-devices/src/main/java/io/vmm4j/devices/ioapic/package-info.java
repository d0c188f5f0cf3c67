/**
 * The PC's I/O APIC (Intel 82093AA datasheet, order number 290566), for machines whose interrupts must reach further than
 * the one in KVM can send them.
 */
package io.vmm4j.devices.ioapic;
