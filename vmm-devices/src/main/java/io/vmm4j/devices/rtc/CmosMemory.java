package io.vmm4j.devices.rtc;

/**
 * The battery-backed RAM behind the clock's registers, with the memory sizes where PC firmware leaves them and the
 * checksum over them. Guarded by the clock's lock.
 */
final class CmosMemory {

    /** Bytes, the clock's own registers included. */
    static final int SIZE = 128;

    private static final long KIB = 1024;
    private static final long MIB = 1024 * KIB;
    private static final int BASE_MEMORY_KIB = 640;
    private static final int WORD_MAX = 0xffff;
    private static final long HIGH_UNIT = 64 * KIB;
    private static final long HIGH_MAX = 0xffffff;

    /** KiB below 640 KiB, two bytes. */
    private static final int BASE_MEMORY = 0x15;
    /** KiB from 1 MiB up, two bytes, at most 65535; likewise at {@link #EXTENDED_MEMORY_POST}. */
    private static final int EXTENDED_MEMORY = 0x17;
    /** The same as found by the self test. */
    private static final int EXTENDED_MEMORY_POST = 0x30;
    /** Units of 64 KiB from 16 MiB to 4 GiB, two bytes. */
    private static final int MEMORY_ABOVE_16_MIB = 0x34;
    /** Units of 64 KiB from 4 GiB up, three bytes. */
    private static final int MEMORY_ABOVE_4_GIB = 0x5b;
    /** High, then low byte of the sum of the bytes from {@link #CHECKSUM_FIRST} to {@link #CHECKSUM_LAST}. */
    private static final int CHECKSUM = 0x2e;
    private static final int CHECKSUM_FIRST = 0x10;
    private static final int CHECKSUM_LAST = 0x2d;

    private final int[] bytes = new int[SIZE];

    /**
     * @param ramBelow4Gib bytes of guest RAM below 4 GiB, from address 0
     * @param ramAbove4Gib bytes of guest RAM from 4 GiB up
     */
    CmosMemory(long ramBelow4Gib, long ramAbove4Gib) {
        long extended = Math.min(Math.max(0, ramBelow4Gib - MIB) / KIB, WORD_MAX);
        store(BASE_MEMORY, 2, Math.min(ramBelow4Gib / KIB, BASE_MEMORY_KIB));
        store(EXTENDED_MEMORY, 2, extended);
        store(EXTENDED_MEMORY_POST, 2, extended);
        store(MEMORY_ABOVE_16_MIB, 2, Math.min(Math.max(0, ramBelow4Gib - 16 * MIB) / HIGH_UNIT, WORD_MAX));
        store(MEMORY_ABOVE_4_GIB, 3, Math.min(ramAbove4Gib / HIGH_UNIT, HIGH_MAX));
        int sum = 0;
        for (int index = CHECKSUM_FIRST; index <= CHECKSUM_LAST; index++) {
            sum += bytes[index];
        }
        bytes[CHECKSUM] = sum >> 8 & 0xff;
        bytes[CHECKSUM + 1] = sum & 0xff;
    }

    byte[] toBytes() {
        byte[] copy = new byte[SIZE];
        for (int i = 0; i < SIZE; i++) {
            copy[i] = (byte) bytes[i];
        }
        return copy;
    }

    /** @param copy of all of it */
    void fromBytes(byte[] copy) {
        for (int i = 0; i < SIZE; i++) {
            bytes[i] = Byte.toUnsignedInt(copy[i]);
        }
    }

    /** @param index 0 to 127 */
    int get(int index) {
        return bytes[index];
    }

    /** @param index 0 to 127 */
    void set(int index, int value) {
        bytes[index] = value;
    }

    private void store(int index, int length, long value) {
        for (int i = 0; i < length; i++) {
            bytes[index + i] = (int) (value >>> (i * Byte.SIZE)) & 0xff;
        }
    }
}
