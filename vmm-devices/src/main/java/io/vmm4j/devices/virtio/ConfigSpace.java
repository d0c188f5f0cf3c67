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

    /**
     * How often the device has changed the space; never goes back. It moves together with the change, under the same
     * lock, so that a driver reading a wide field in two halves notices (section 2.5.1). Constant spaces leave it 0.
     */
    default int generation() {
        return 0;
    }
}
