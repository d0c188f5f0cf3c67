package io.vmm4j.devices.virtio;

/**
 * A device's configuration space (virtio 1.2, section 2.5). Runs on vCPU threads: implementations guard themselves
 * and never throw.
 */
public interface ConfigSpace {

    /**
     * Reads {@code width} (1, 2, 4 or 8) bytes at {@code offset}, little-endian, zero-extended. Bytes past the end of the
     * space read as zero.
     */
    long read(long offset, int width);

    /** Writes {@code width} bytes at {@code offset}; bytes that are read-only or past the end are dropped. */
    void write(long offset, int width, long value);
}
