package io.vmm4j.core.machine;

import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.control.DeviceControls;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A device in a {@link HotSlot} with all that serves it. What it has of timers and of descriptors to watch is on loops of its
 * own, so that it goes without a trace.
 *
 * <p>Confined to one change of a machine's devices at a time.
 */
final class HotDevice implements VirtioDevices.Parts, AutoCloseable {

    /** Makes loops, not started. */
    @FunctionalInterface
    interface LoopMaker {
        EpollEventLoop make(String name) throws IOException;
    }

    /** Makes a device. */
    @FunctionalInterface
    interface Maker {

        /**
         * @param slots the place of this one device
         * @param parts keeps what is made for it, also when this throws
         * @return what can be changed about it
         */
        DeviceControls make(VirtioSlots slots, VirtioDevices.Parts parts) throws IOException;
    }

    private final Addition addition;
    private final HotSlot slot;
    private final LoopMaker loopMaker;
    private final MachineThreads threads;
    private final VirtioSlots slots;
    /** Read by who ends the machine, too. */
    private final List<EpollEventLoop> loops = new CopyOnWriteArrayList<>();
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private VirtioMmioTransport transport;
    private DeviceControls controls;

    /** @param addition what it is to be; its files are closed with the device */
    HotDevice(Addition addition, HotSlot slot, DeviceSurroundings surroundings) {
        this.addition = addition;
        this.slot = slot;
        this.loopMaker = surroundings.loopMaker();
        this.threads = surroundings.threads();
        this.slots = new VirtioSlots(surroundings.vm(), surroundings.memory(), (device, window, made) -> transport = made, List.of(slot.window()),
                surroundings.parts());
        own(addition.opened());
        own(slots);
    }

    /**
     * Makes the device and puts it into its slot; the guest does not run, or has not heard of it. What there is of it after a failure, {@link #release}
     * gives back.
     */
    void make() throws IOException {
        controls = addition.maker().make(slots, this);
        slot.plug(transport);
    }

    /** Has all that serves it be at work, before the guest finds it. */
    void startLoops() {
        loops.forEach(EpollEventLoop::start);
    }

    @Override
    public EpollEventLoop newLoop(String loopName) throws IOException {
        EpollEventLoop loop = loopMaker.make(loopName);
        loops.add(loop);
        return loop;
    }

    @Override
    public void own(AutoCloseable part) {
        owned.push(part);
    }

    /** What it is called in messages. */
    String name() {
        return addition.name();
    }

    /** Where it is. */
    HotSlot slot() {
        return slot;
    }

    /** What can be changed about it: nothing before it is made. */
    DeviceControls controls() {
        return controls;
    }

    /** What the guest sees of it; nothing before it is made. */
    VirtioMmioTransport transport() {
        return transport;
    }

    /** What it is to be. */
    Addition addition() {
        return addition;
    }

    /** Its loops. */
    List<EpollEventLoop> loops() {
        return loops;
    }

    /** The configuration of the machine that it was made for, with it. */
    VmConfig with() {
        return addition.with();
    }

    /** The configuration of {@code machine} without it. */
    VmConfig without(VmConfig machine) {
        return addition.without().apply(machine);
    }

    /** Takes the device from a machine that goes on without it, and closes it. It has been {@linkplain HotSlot#unplug unplugged}. */
    void release() {
        loops.forEach(loop -> {
            loop.close();
            threads.forget(loop.thread());
        });
        slots.untie();
        Machine.closeAll(owned);
        addition.unmaker().run();
    }

    /** Closes the device with its machine, whose vCPUs have ended. */
    @Override
    public void close() {
        loops.forEach(EpollEventLoop::close);
        Machine.closeAll(owned);
    }
}
