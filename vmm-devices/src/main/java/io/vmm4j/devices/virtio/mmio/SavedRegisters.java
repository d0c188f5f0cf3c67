package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.virtio.DeviceStatus;

/**
 * The registers of a transport in a state, but for features and queues.
 *
 * @param status           as the driver reads it once a reset is over
 * @param causes           InterruptStatus
 * @param generation       ConfigGeneration, of which the driver reads the low 32 bits
 * @param queueSel         QueueSel
 * @param isConfigWritten  the driver has written to the configuration space since the device was reset last
 * @param isConfigChanged  the device has changed the configuration space since the driver began to look at it
 * @param isLive           the device was activated, and not reset since
 */
record SavedRegisters(int status, int causes, int generation, long queueSel, boolean isConfigWritten, boolean isConfigChanged, boolean isLive) {

    private static final long WORD_MASK = 0xFFFF_FFFFL;
    private static final int CAUSES = VirtioMmioRegisters.INT_VRING | VirtioMmioRegisters.INT_CONFIG;
    private static final int KNOWN = DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK | DeviceStatus.DRIVER_OK
            | DeviceStatus.DEVICE_NEEDS_RESET | DeviceStatus.FAILED;

    static SavedRegisters of(State state) throws StateException {
        int status = state.int32("status", 0, 0xFF);
        if (!isReachable(status)) {
            throw new StateException("status is 0x" + Integer.toHexString(status) + ", which no driver gets a device to");
        }
        boolean isLive = state.flag("isLive");
        if (isLive && ((status & DeviceStatus.DRIVER_OK) == 0 || (status & DeviceStatus.FAILED) != 0)) {
            throw new StateException("isLive is 1 with a status of 0x" + Integer.toHexString(status));
        }
        return new SavedRegisters(status, state.int32("interruptStatus", 0, CAUSES),
                state.int32("generation", Integer.MIN_VALUE, Integer.MAX_VALUE), state.integer("queueSel", 0, WORD_MASK),
                state.flag("isConfigWritten"), state.flag("isConfigChanged"), isLive);
    }

    void addTo(State.Builder state) {
        state.put("status", status).put("interruptStatus", causes).put("generation", generation).put("queueSel", queueSel)
                .put("isConfigWritten", isConfigWritten).put("isConfigChanged", isConfigChanged).put("isLive", isLive);
    }

    /** Section 3.1.1: each step needs the one before it. */
    private static boolean isReachable(int status) {
        return (status & ~KNOWN) == 0
                && implies(status, DeviceStatus.DRIVER_OK, DeviceStatus.FEATURES_OK)
                && implies(status, DeviceStatus.FEATURES_OK, DeviceStatus.DRIVER)
                && implies(status, DeviceStatus.DRIVER, DeviceStatus.ACKNOWLEDGE)
                && implies(status, DeviceStatus.DEVICE_NEEDS_RESET, DeviceStatus.DRIVER_OK);
    }

    private static boolean implies(int status, int step, int before) {
        return (status & step) == 0 || (status & before) != 0;
    }

    boolean areFeaturesSettled() {
        return (status & DeviceStatus.FEATURES_OK) != 0;
    }

    /** Whether the device serves its queues, rather than waits for a reset. */
    boolean isServing() {
        return isLive && (status & DeviceStatus.DEVICE_NEEDS_RESET) == 0;
    }
}
