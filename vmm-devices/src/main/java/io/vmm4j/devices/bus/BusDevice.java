package io.vmm4j.devices.bus;

/**
 * A window of registers on the port-I/O or the memory-mapped bus.
 *
 * <p>Both methods run on vCPU threads, several at once in a machine with several vCPUs, so a device guards its own
 * state. They must return for every input a guest can produce and must not throw: reserved registers read as the
 * device's specification says, or as all ones, and writes to them are dropped.
 */
public interface BusDevice {

    /**
     * Reads a register.
     *
     * @param offset bytes from the start of the window, 0 to window length - 1
     * @param width  bytes read: 1, 2, 4 or 8
     * @return the value, little-endian, zero-extended; bits above {@code width} bytes are ignored by the caller
     */
    long read(long offset, int width);

    /**
     * Writes a register.
     *
     * @param offset bytes from the start of the window, 0 to window length - 1
     * @param width  bytes written: 1, 2, 4 or 8
     * @param value  the value, little-endian, zero-extended
     */
    void write(long offset, int width, long value);
}
