package io.vmm4j.core.config;

import java.util.Optional;

/**
 * A change of some bits of a register, written {@code 0b1x0}: bit 2 becomes 1, bit 1 stays as it is, bit 0 becomes 0, and
 * so do stay those to the left. Underscores may be put between.
 *
 * @param mask  bits that change
 * @param value what they become
 */
public record BitChange(long mask, long value) {

    /** The change that {@code bitmap} writes, or nothing when it is not one for a register of {@code bits} bits. */
    static Optional<BitChange> parse(String bitmap, int bits) {
        if (bitmap == null || !bitmap.startsWith("0b")) {
            return Optional.empty();
        }
        String digits = bitmap.substring(2).replace("_", "");
        if (digits.length() > bits || !digits.matches("[01x]+")) {
            return Optional.empty();
        }
        long mask = 0;
        long value = 0;
        for (char digit : digits.toCharArray()) {
            mask = mask << 1 | (digit == 'x' ? 0 : 1);
            value = value << 1 | (digit == '1' ? 1 : 0);
        }
        return Optional.of(new BitChange(mask, value));
    }

    /** {@code register} with the change made. */
    public long apply(long register) {
        return register & ~mask | value;
    }

    /** As {@link #apply(long)}, for 32 bits. */
    public int apply(int register) {
        return (int) apply((long) register);
    }
}
