/**
 * Where things lie in the guest-physical address space: what the boot code, the firmware tables and the assembly of a
 * machine agree on. Knows none of them.
 */
package io.vmm4j.core.layout;
