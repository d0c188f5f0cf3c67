package io.vmm4j.core.cpu;

/** Changes bit fields of CPUID registers. */
final class CpuidField {

    private CpuidField() {
    }

    /**
     * {@code register} with bits {@code high}..{@code low} holding {@code value}, or the largest number they can hold
     * when {@code value} is larger.
     */
    static int with(int register, int high, int low, int value) {
        int max = (1 << high - low + 1) - 1;
        return register & ~(max << low) | Math.min(value, max) << low;
    }

    /** {@code register} with one bit as {@code on} says. */
    static int withBit(int register, int bit, boolean on) {
        return on ? register | 1 << bit : register & ~(1 << bit);
    }

    /** {@code register} without the bits of {@code mask}. */
    static int without(int register, int mask) {
        return register & ~mask;
    }
}
