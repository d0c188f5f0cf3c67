package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.virtio.VirtioFeatures;

/**
 * The feature registers, virtio 1.2 sections 2.2 and 4.2.2: words of what is offered and of what the driver accepts. A feature accepted
 * in word 63 or beyond stays accepted until the reset. Guarded by the transport's lock.
 */
final class FeatureWords {

    private static final int LAST_WORD = Long.SIZE - 1;
    private static final long WORD_MASK = 0xFFFF_FFFFL;

    private final long offered;
    private long deviceSel;
    private long driverSel;
    private long accepted;
    /** Words of accepted features beyond the second that are not 0: bit i for word i, {@link #LAST_WORD} for all from there on. */
    private long acceptedBeyond;

    FeatureWords(long offered) {
        this.offered = offered;
    }

    void selectOffered(long word) {
        deviceSel = word;
    }

    void selectAccepted(long word) {
        driverSel = word;
    }

    /** The selected word of what is offered. */
    long readOffered() {
        return deviceSel > 1 ? 0 : offered >>> 32 * deviceSel;
    }

    /** Sets the selected word of what is accepted. */
    void writeAccepted(long value) {
        if (driverSel == 0) {
            accepted = QueueConfig.withLow(accepted, value);
        } else if (driverSel == 1) {
            accepted = QueueConfig.withHigh(accepted, value);
        } else if (value != 0) {
            acceptedBeyond |= 1L << Math.min(driverSel, LAST_WORD);
        } else if (driverSel < LAST_WORD) {
            acceptedBeyond &= ~(1L << driverSel);
        }
    }

    /** Bit i = feature i. */
    long accepted() {
        return accepted;
    }

    /** Sections 2.2.2 and 6.2: only what was offered, and never without VERSION_1. */
    boolean areAcceptable() {
        return acceptedBeyond == 0
                && (accepted & ~offered) == 0
                && (accepted & VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_VERSION_1)) != 0;
    }

    State saveState() {
        return State.builder().put("deviceSel", deviceSel).put("driverSel", driverSel).put("accepted", accepted)
                .put("acceptedBeyond", acceptedBeyond).build();
    }

    /** @param areSettled the driver has set FEATURES_OK and read that it stayed */
    void restoreState(State state, boolean areSettled) throws StateException {
        deviceSel = state.integer("deviceSel", 0, WORD_MASK);
        driverSel = state.integer("driverSel", 0, WORD_MASK);
        accepted = state.bits("accepted");
        acceptedBeyond = state.bits("acceptedBeyond");
        if (areSettled && !areAcceptable()) {
            throw new StateException("accepted features 0x" + Long.toHexString(accepted) + " are not those that a driver can have of the offered 0x"
                    + Long.toHexString(offered));
        }
    }

    void reset() {
        deviceSel = 0;
        driverSel = 0;
        accepted = 0;
        acceptedBeyond = 0;
    }
}
