package io.vmm4j.core.machine;

import io.vmm4j.core.acpi.SlotController;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.control.DeviceChangeException;
import io.vmm4j.core.control.DeviceControls;
import io.vmm4j.core.event.VmEvent;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts devices into a running guest, and takes them out again.
 *
 * <p>A device is made before the guest hears of it, and counts as added once a driver uses it. One that no driver has taken up
 * is asked back, and taken out whatever the guest says to that. On request a device is taken out only when the guest has given
 * it back and no driver uses it. Of what is taken out nothing is left to the guest: no register, no eventfd, nothing of what it
 * was on. What a guest gives back when nobody waits for it any more is taken out then.
 *
 * <p>Thread-safe. One change at a time, see {@link DeviceTurns}; the guest's answers come on vCPU threads.
 */
final class DeviceHotplug implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DeviceHotplug.class);

    /** Devices that a guest is told of in its life: its kernel keeps the table of each, and Linux a number, of which it has 4095. */
    static final int OFFERS_MAX = 2048;

    /** How long a device may take to let go of the guest's memory: one with a disk that hangs, or a back end that is waited for, for 10 s. */
    private static final Duration LET_GO_TIME = Duration.ofSeconds(15);

    /** Checks and opens a device for a machine. */
    @FunctionalInterface
    interface Opening {

        /** @param config of the machine as it is */
        Addition open(VmConfig config, DeviceSurroundings surroundings) throws ConfigException, IOException;
    }

    private final DeviceSurroundings surroundings;
    private final HotDevices devices;
    private final SlotDialogue dialogue;
    private final DeviceTurns turns;

    /**
     * @param config of the machine as it starts
     * @param slots  by their numbers, empty
     */
    DeviceHotplug(VmConfig config, List<HotSlot> slots, DeviceSurroundings surroundings) {
        this.surroundings = surroundings;
        this.turns = new DeviceTurns(surroundings.threads(), this::removeLate);
        this.devices = new HotDevices(config, slots);
        this.dialogue = new SlotDialogue(surroundings.memory(), surroundings.events(), slots, this::unlessPaused, turns::returnedLate);
    }

    /** Changes of the devices. */
    ChangeStop.Changes changes() {
        return turns;
    }

    /** What is there, as it stands still and nothing changes, for the machine that goes on from it. */
    HotState save() {
        return new HotState(devices.config(), devices.places(), dialogue.saveState());
    }

    /**
     * Has a device there that was added to the machine which this one goes on from; before the guest runs. Its loops do not, see {@link #startLoops}.
     *
     * @param opening opens it for this machine
     * @throws ConfigException when it cannot be
     */
    void bringBack(int slot, Opening opening) throws ConfigException, IOException {
        HotDevice device = new HotDevice(opening.open(devices.config(), surroundings), dialogue.slot(slot), surroundings);
        devices.come(device);
        turns.prepare();
        device.make();
        device.plug();
        devices.added(device);
    }

    /** Has those that were {@linkplain #bringBack brought back} be at work. */
    void startLoops() {
        devices.loops().forEach(EpollEventLoop::start);
    }

    /** Whether there is a spare place of that number. */
    boolean hasSlot(int number) {
        return dialogue.hasSlot(number);
    }

    /** Takes up what was said to the machine that this one goes on from. */
    void restoreDialogue(State state) throws StateException {
        dialogue.restoreState(state);
    }

    /** The registers that the guest sees. */
    SlotController controller() {
        return dialogue.controller();
    }

    /** What can be changed about the devices that were there from the start; before the guest runs. */
    void connect(DeviceControls atStart) {
        devices.connect(atStart);
    }

    /** What can be changed about the devices there are now. */
    DeviceControls controls() {
        return devices.controls();
    }

    /**
     * Adds a device. Its files are opened on the caller's thread.
     *
     * @param within how long the guest may take, to find the device, and to give it back when no driver takes it up
     * @return completes when a driver uses it; with a {@link DeviceChangeException} when none does, or an {@link IOException}
     *     when the host refuses
     * @throws ConfigException when it cannot be
     */
    CompletableFuture<Void> add(Opening opening, Duration within) throws ConfigException {
        try {
            turns.begin();
        } catch (DeviceChangeException | IOException e) {
            return CompletableFuture.failedFuture(e);
        }
        HotDevice device;
        try {
            requireOffersLeft();
            HotSlot slot = devices.freeSlot(dialogue::isFree);
            device = new HotDevice(opening.open(devices.config(), surroundings), slot, surroundings);
        } catch (DeviceChangeException | IOException e) {
            turns.giveUp();
            return CompletableFuture.failedFuture(e);
        } catch (ConfigException | RuntimeException | Error e) {
            turns.giveUp();
            throw e;
        }
        devices.come(device);
        return turns.start(() -> add(device, within));
    }

    private void requireOffersLeft() throws DeviceChangeException {
        if (dialogue.tables() >= OFFERS_MAX) {
            throw new DeviceChangeException("the guest has been told of " + OFFERS_MAX + " devices since it started, the most that its kernel can be");
        }
    }

    private void add(HotDevice device, Duration within) throws IOException, DeviceChangeException {
        make(device);
        String objection = dialogue.offer(device.slot(), within);
        if (objection == null && !turns.isClosed()) {
            devices.added(device);
            LOG.info("{} is added", device.name());
            tell(device, true);
            return;
        }
        if (dialogue.isKnown(device.slot())) {
            dialogue.reclaim(device.slot(), within);
        }
        takeOut(device);
        throw refusal(device, " is not added", objection);
    }

    private void make(HotDevice device) throws IOException {
        boolean isMade = false;
        try {
            device.make();
            device.startLoops();
            device.plug();
            isMade = true;
        } catch (IOException e) {
            throw Shortage.named(e);
        } catch (UncheckedIOException e) {
            throw Shortage.named(new IOException(e.getMessage(), e));
        } finally {
            // Behind the above, which looks at what is lacking.
            if (!isMade) {
                takeOut(device);
            }
        }
    }

    /**
     * Removes the device that is called so.
     *
     * @param among  looks for it among those there are, and throws when it is none of them
     * @param within how long the guest may take
     * @return completes when it is gone; with a {@link DeviceChangeException} when the guest has not given it back
     * @throws IllegalArgumentException when it is none that was added
     */
    CompletableFuture<Void> remove(String name, Consumer<DeviceControls> among, Duration within) {
        try {
            turns.begin();
        } catch (DeviceChangeException | IOException e) {
            return CompletableFuture.failedFuture(e);
        }
        HotDevice device;
        try {
            // Not before: another change may have been about it.
            among.accept(devices.controls());
            device = devices.named(name);
            if (device == null) {
                throw new IllegalArgumentException(name + " cannot be removed: it has been there since the machine's start");
            }
        } catch (RuntimeException e) {
            turns.giveUp();
            throw e;
        }
        return turns.start(() -> remove(device, within));
    }

    private void remove(HotDevice device, Duration within) throws DeviceChangeException {
        String objection = dialogue.reclaim(device.slot(), within);
        if (objection != null || turns.isClosed()) {
            throw refusal(device, " is not removed", objection);
        }
        devices.removed(device);
        boolean hasLetGo = takeOut(device);
        tell(device, false);
        if (!hasLetGo) {
            throw new DeviceChangeException(device.name() + " is removed, but its last requests are still in work on the host");
        }
        LOG.info("{} is removed", device.name());
    }

    private void tell(HotDevice device, boolean isAdded) {
        surroundings.listeners().happened(time -> new VmEvent.DeviceChanged(time, device.name(), isAdded));
    }

    private DeviceChangeException refusal(HotDevice device, String what, String objection) {
        return new DeviceChangeException(turns.isClosed() ? DeviceTurns.ENDED : device.name() + what + ": the guest " + objection);
    }

    /**
     * Takes a device from the guest and closes it.
     *
     * @return false when it has not let go of the guest's memory within {@link #LET_GO_TIME}, without pauses, or before the machine's end
     */
    private boolean takeOut(HotDevice device) {
        unlessPaused(() -> { });
        Patience patience = new Patience(LET_GO_TIME, surroundings.hold()::isOn);
        boolean hasLetGo = device.slot().unplug(() -> turns.isClosed() || patience.isOver());
        if (hasLetGo) {
            device.release();
        }
        devices.go(device, hasLetGo);
        return hasLetGo;
    }

    /** Runs {@code action} when the guest is not paused, or not at all when the machine has ended. */
    private void unlessPaused(Runnable action) {
        surroundings.hold().runUnlessOn(turns::isClosed, action);
    }

    private void removeLate(HotSlot slot) {
        HotDevice device = devices.in(slot);
        if (device == null || slot.isDriven()) {
            return;
        }
        devices.removed(device);
        takeOut(device);
        LOG.info("{} is removed: the guest has given it back after all", device.name());
        tell(device, false);
    }

    /** Ends the change that is under way, soon: {@link #endWithin} tells. */
    void beginEnd() {
        turns.beginEnd();
        dialogue.close();
    }

    /** Waits until the change that is under way has let go of the machine, for {@code millis} at most; returns whether it has. */
    boolean endWithin(long millis) {
        return turns.endWithin(millis);
    }

    /** The loops of the devices there are, to be closed behind the vCPUs. */
    List<EpollEventLoop> loops() {
        return devices.loops();
    }

    /** Closes the devices; vCPUs and loops have ended. */
    @Override
    public void close() {
        devices.close();
        turns.close();
    }
}
