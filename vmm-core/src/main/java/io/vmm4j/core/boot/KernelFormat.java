package io.vmm4j.core.boot;

/** How a kernel image is entered. */
public enum KernelFormat {
    /** ELF vmlinux, entered in long mode at its ELF entry point (Linux x86 64-bit boot protocol). */
    ELF64_LINUX,
    /** ELF vmlinux, entered in 32-bit protected mode at the address its PVH note names (x86/HVM direct boot ABI). */
    ELF64_PVH,
    /** bzImage, entered in long mode 0x200 bytes behind its load address (Linux x86 64-bit boot protocol). */
    BZIMAGE
}
