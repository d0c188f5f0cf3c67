package io.vmm4j.kvm;

/**
 * Where a vCPU's accesses to ports and device memory go. One call an element: string instructions are taken apart, and
 * accesses of odd length (3, 5, 6, 7 bytes, as at the end of a page) come in naturally sized pieces.
 *
 * <p>Widths are 1, 2, 4 or 8 bytes (ports: 1, 2, 4), values are zero-extended and little-endian. Called on the vCPU's
 * thread inside {@link KvmVcpu#run}. Whatever the guest does, it must return and not throw.
 */
public interface VcpuExitHandler {
    /** The guest reads a port; bits beyond {@code width} of the answer are dropped. */
    long ioIn(int port, int width);

    /** The guest writes a port. */
    void ioOut(int port, int width, long value);

    /** The guest reads guest-physical address {@code gpa} outside its memory; excess bits of the answer are dropped. */
    long mmioRead(long gpa, int width);

    /** The guest writes guest-physical address {@code gpa} outside its memory. */
    void mmioWrite(long gpa, int width, long value);
}
