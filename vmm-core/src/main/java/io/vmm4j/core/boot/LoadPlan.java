package io.vmm4j.core.boot;

import java.util.List;

/**
 * What a loader found out about a kernel image: where its parts go and how it is entered.
 *
 * @param format     how it is entered
 * @param entryPoint RIP at the start
 * @param end        behind the last byte of RAM that the kernel takes before it reads the memory map
 * @param segments   what to copy
 * @param header     the setup header of a bzImage, or {@code null}
 */
record LoadPlan(KernelFormat format, long entryPoint, long end, List<Segment> segments, SetupHeader header) {

    /**
     * A piece of the file and its place in RAM.
     *
     * @param fileOffset first byte in the file
     * @param fileSize   bytes to copy
     * @param gpa        guest-physical address
     * @param memorySize bytes of RAM taken, {@code fileSize} or more; the rest is zero
     */
    record Segment(long fileOffset, long fileSize, long gpa, long memorySize) {

        long end() {
            return gpa + memorySize;
        }
    }
}
