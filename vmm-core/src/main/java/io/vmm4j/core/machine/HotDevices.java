package io.vmm4j.core.machine;

import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.control.DeviceChangeException;
import io.vmm4j.core.control.DeviceControls;
import io.vmm4j.core.host.EpollEventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Which devices have come to a machine since its start, where they are, and what the machine is with them. Thread-safe. */
final class HotDevices implements AutoCloseable {

    private final List<HotSlot> slots;
    /** Those that come, are there or go; guarded by this, as all below. */
    private final List<HotDevice> devices = new ArrayList<>();
    /** Those that are gone for the guest and have not let go of its memory: their slots are lost. */
    private final List<HotDevice> stuck = new ArrayList<>();
    private VmConfig config;
    private DeviceControls controls;

    /**
     * @param config of the machine as it starts
     * @param slots  empty
     */
    HotDevices(VmConfig config, List<HotSlot> slots) {
        this.config = config;
        this.slots = List.copyOf(slots);
    }

    /** What can be changed about the devices that were there from the start. */
    synchronized void connect(DeviceControls atStart) {
        controls = atStart;
    }

    /** What can be changed about the devices there are. */
    synchronized DeviceControls controls() {
        return controls;
    }

    /** The machine as it is. */
    synchronized VmConfig config() {
        return config;
    }

    /**
     * A slot without a device.
     *
     * @param isFree whether the guest, too, is done with a slot
     * @throws DeviceChangeException when there is none
     */
    synchronized HotSlot freeSlot(Predicate<HotSlot> isFree) throws DeviceChangeException {
        return slots.stream().filter(slot -> in(slot, devices) == null && in(slot, stuck) == null && isFree.test(slot))
                .findFirst().orElseThrow(() -> new DeviceChangeException((slots.isEmpty()
                        ? "the machine was made without spare places for devices" : "all " + slots.size() + " spare places for devices are taken")
                        + " (machine-config.spare_devices)"));
    }

    /** A device takes its slot. */
    synchronized void come(HotDevice device) {
        devices.add(device);
    }

    /** The guest uses a device. */
    synchronized void added(HotDevice device) {
        config = device.with();
        controls = controls.with(device.controls());
    }

    /** The guest has given back a device. */
    synchronized void removed(HotDevice device) {
        config = device.without(config);
        controls = controls.without(device.controls());
    }

    /** A device leaves its slot, unless it has not let go of the guest's memory. */
    synchronized void go(HotDevice device, boolean hasLetGo) {
        devices.remove(device);
        if (!hasLetGo) {
            stuck.add(device);
        }
    }

    /** The device that is called so, or {@code null}. */
    synchronized HotDevice named(String name) {
        return devices.stream().filter(device -> device.name().equals(name)).findFirst().orElse(null);
    }

    /** The device in {@code slot}, or {@code null}. */
    synchronized HotDevice in(HotSlot slot) {
        return in(slot, devices);
    }

    private static HotDevice in(HotSlot slot, List<HotDevice> some) {
        return some.stream().filter(device -> device.slot() == slot).findFirst().orElse(null);
    }

    /** Where those are that the guest has, or is about to give back. */
    synchronized List<AddedPlace> places() {
        return devices.stream().map(device -> device.addition().place(device.slot().number())).toList();
    }

    /** The loops of all. */
    synchronized List<EpollEventLoop> loops() {
        return Stream.concat(devices.stream(), stuck.stream()).flatMap(device -> device.loops().stream()).toList();
    }

    /** Closes the devices; vCPUs and loops have ended. */
    @Override
    public synchronized void close() {
        devices.forEach(HotDevice::close);
        stuck.forEach(HotDevice::close);
    }
}
