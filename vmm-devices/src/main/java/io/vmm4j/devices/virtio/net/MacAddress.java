package io.vmm4j.devices.virtio.net;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A hardware address.
 *
 * @param value the six bytes, first byte in the lowest 8 bits as a little-endian field reads it; below 2^48
 */
public record MacAddress(long value) {

    /** Bytes in an address. */
    public static final int LENGTH = 6;

    private static final Pattern TEXT = Pattern.compile("([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}");

    /** @throws IllegalArgumentException when {@code value} has more than 48 bits */
    public MacAddress {
        if (value >>> 8 * LENGTH != 0) {
            throw new IllegalArgumentException("hardware address 0x" + Long.toHexString(value) + " has more than 48 bits");
        }
    }

    /**
     * Reads six fields of two hex digits with colons between.
     *
     * @throws IllegalArgumentException when {@code text} is anything else
     */
    public static MacAddress parse(String text) {
        if (!TEXT.matcher(text).matches()) {
            throw new IllegalArgumentException("hardware address \"" + text + "\" is not six hex fields like 02:00:00:00:00:01");
        }
        long value = 0;
        String[] fields = text.split(":");
        for (int i = 0; i < LENGTH; i++) {
            value |= Long.parseLong(fields[i], 16) << 8 * i;
        }
        return new MacAddress(value);
    }

    /** Whether it names a group of receivers, so that no device can have it. */
    public boolean isMulticast() {
        return (value & 1) != 0;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < LENGTH; i++) {
            text.append(i == 0 ? "" : ":").append(String.format(Locale.ROOT, "%02x", value >>> 8 * i & 0xFF));
        }
        return text.toString();
    }
}
