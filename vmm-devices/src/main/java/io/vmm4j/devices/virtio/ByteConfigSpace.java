package io.vmm4j.devices.virtio;

/**
 * A configuration space held as bytes (virtio 1.2, section 2.5). Changes by the device are atomic towards the driver
 * and counted in {@link #generation()}; the driver can change only what {@link #guestWritable} names.
 *
 * <p>Thread-safe: guarded by its own lock.
 */
public final class ByteConfigSpace implements ConfigSpace {

    private final byte[] bytes;
    private final boolean[] writable;
    private int generation;

    /** @param length bytes in the space; all zero at first */
    public ByteConfigSpace(int length) {
        bytes = new byte[length];
        writable = new boolean[length];
    }

    @Override
    public synchronized long read(long offset, int width) {
        long value = 0;
        for (int i = 0; i < width; i++) {
            if (isInside(offset + i)) {
                value |= (bytes[(int) offset + i] & 0xFFL) << 8 * i;
            }
        }
        return value;
    }

    /** A write by the driver. */
    @Override
    public synchronized void write(long offset, int width, long value) {
        for (int i = 0; i < width; i++) {
            if (isInside(offset + i) && writable[(int) offset + i]) {
                bytes[(int) offset + i] = (byte) (value >>> 8 * i);
            }
        }
    }

    @Override
    public synchronized int generation() {
        return generation;
    }

    /** Lets the driver write bytes [offset, offset + length). */
    public synchronized void guestWritable(int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            writable[i] = true;
        }
    }

    /**
     * Sets a field on the device's behalf; moves the generation on when that changes it.
     *
     * @param offset bytes from the start
     * @param width  1, 2, 4 or 8 bytes
     * @param value  little-endian in the space
     * @return whether the field had another value before
     */
    public synchronized boolean put(int offset, int width, long value) {
        boolean changed = false;
        for (int i = 0; i < width; i++) {
            byte next = (byte) (value >>> 8 * i);
            changed |= bytes[offset + i] != next;
            bytes[offset + i] = next;
        }
        if (changed) {
            generation++;
        }
        return changed;
    }

    private boolean isInside(long offset) {
        return offset >= 0 && offset < bytes.length;
    }
}
