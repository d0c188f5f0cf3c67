package io.vmm4j.core.share;

import io.vmm4j.kvm.libc.ResourceLimits;

/**
 * How many of the host's descriptors one share may have: half of what the other shares leave of half of what the process may, so that neither
 * anything else of the machine's nor another share runs short by what a guest does. Thread-safe.
 */
final class Descriptors {

    /** Of one share; each costs a few hundred bytes in the host's kernel, and keeps it from forgetting the file. */
    static final int MOST = 1 << 17;
    private static final Allowance.Pool ALL = new Allowance.Pool(ResourceLimits.descriptors() / 2);

    private final Allowance allowance;

    Descriptors() {
        this(MOST);
    }

    Descriptors(int most) {
        allowance = new Allowance(ALL, most, 1, 2);
    }

    /** One more; false where there is none left. */
    boolean take() {
        return allowance.take(1);
    }

    /** One fewer. */
    void give() {
        allowance.give(1);
    }

    int taken() {
        return (int) allowance.taken();
    }
}
