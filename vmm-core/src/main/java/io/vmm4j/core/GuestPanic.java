package io.vmm4j.core;

/**
 * What is known of a panic of the guest's kernel.
 *
 * @param source who says so
 * @param text   what the kernel printed behind "Kernel panic - not syncing: ", one line of plain characters; empty when that is
 *               not known
 */
public record GuestPanic(Source source, String text) {

    /** Who tells of a panic. */
    public enum Source {
        /** A console printed what a kernel prints that panics, which anything in the guest can have it print. */
        CONSOLE,
        /** The kernel said so, and started another one that it keeps for that (kdump). */
        CRASH_KERNEL,
        /** The kernel said so. */
        KERNEL
    }
}
