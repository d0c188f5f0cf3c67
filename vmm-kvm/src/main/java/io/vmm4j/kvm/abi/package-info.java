/**
 * The binary interface of linux/kvm.h for x86-64: request numbers, capabilities, exit reasons, and the layout of each
 * structure by hand. A layout class has the C declaration, {@code SIZE}, and one offset a field, named like the field;
 * buffers are little-endian. Structures that callers handle are small value classes with the same constants.
 */
package io.vmm4j.kvm.abi;
