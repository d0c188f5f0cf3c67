/**
 * Everything a Linux kernel finds in memory and registers when it starts: its own image, initrd, command line, zero
 * page, MP table, page tables (Linux x86 boot protocol; MultiProcessor Specification 1.4).
 */
package io.vmm4j.core.boot;
