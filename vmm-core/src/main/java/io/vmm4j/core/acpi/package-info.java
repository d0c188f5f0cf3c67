/** The ACPI tables of a machine, the byte code in them, and the registers they name (ACPI 6.5). */
package io.vmm4j.core.acpi;
