package io.vmm4j.core.boot;

/** How a kernel image is entered. */
public enum KernelFormat {
    /** ELF vmlinux, entered in long mode at its ELF entry point (Linux x86 64-bit boot protocol). */
    ELF64_LINUX,
    /** bzImage, entered in long mode 0x200 bytes behind its load address (Linux x86 64-bit boot protocol). */
    BZIMAGE
}
