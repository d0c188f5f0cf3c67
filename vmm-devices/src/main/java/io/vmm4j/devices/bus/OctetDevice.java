package io.vmm4j.devices.bus;

/**
 * A device of 8-bit registers. A wider access becomes one access a byte at rising offsets, lowest byte first, which is
 * how the ISA bus serves a 16-bit instruction on an 8-bit device; each byte has the side effects of its own access.
 */
public interface OctetDevice extends BusDevice {

    /**
     * Reads one register.
     *
     * @param offset bytes from the start of the window; may lie past its end
     * @return 0 to 0xff; 0xff past the end of the window
     */
    int readOctet(long offset);

    /**
     * Writes one register.
     *
     * @param offset bytes from the start of the window; may lie past its end, where the write is dropped
     * @param value  0 to 0xff
     */
    void writeOctet(long offset, int value);

    @Override
    default long read(long offset, int width) {
        long value = 0;
        for (int i = 0; i < Math.min(width, Long.BYTES); i++) {
            value |= (readOctet(offset + i) & 0xffL) << (i * Byte.SIZE);
        }
        return value;
    }

    @Override
    default void write(long offset, int width, long value) {
        for (int i = 0; i < Math.min(width, Long.BYTES); i++) {
            writeOctet(offset + i, (int) (value >>> (i * Byte.SIZE)) & 0xff);
        }
    }
}
