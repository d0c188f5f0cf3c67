package io.vmm4j.devices.testing;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.NanoClock;
import io.vmm4j.devices.virtio.VirtioDevice;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Checks what snapshots of a machine rely on of a device that implements {@link Stateful}. It throws {@link AssertionError} when the device
 *
 * <ul>
 * <li>gives a state that is not the same again at once, or once a new device, or one in use, has become what it says,
 * <li>throws anything but {@link StateException} for a state that is one value off, at every place of it ({@link StateMutations}), does not
 *     come to rest then, changes the guest's memory though it has refused the state, or cannot be reset any more.
 * </ul>
 *
 * <p>Whether the restored device goes on as the saved one would have is for the test to see: with what {@link #check} returns.
 *
 * @param <D> the device
 */
public final class Snapshots<D extends VirtioDevice> {

    private static final Duration AFTERWARDS = Duration.ofSeconds(3);
    private static final int WINDOW = 0x20;

    private final BiFunction<EventLoop, NanoClock, D> maker;
    private final Consumer<D> stop;
    private final Consumer<D> goOn;

    private Snapshots(BiFunction<EventLoop, NanoClock, D> maker, Consumer<D> stop, Consumer<D> goOn) {
        this.maker = maker;
        this.stop = stop;
        this.goOn = goOn;
    }

    /** @param maker makes the device, given its loop and the clock that rate limits go by */
    public static <D extends VirtioDevice> Snapshots<D> of(BiFunction<EventLoop, NanoClock, D> maker) {
        return new Snapshots<>(maker, device -> { }, device -> { });
    }

    /** @param maker makes the device, given its loop */
    public static <D extends VirtioDevice> Snapshots<D> of(Function<EventLoop, D> maker) {
        return of((loop, clock) -> maker.apply(loop));
    }

    /** For a device that has work on threads besides its loop: how it is brought to rest, and goes on. */
    public Snapshots<D> pausedBy(Consumer<D> newStop, Consumer<D> newGoOn) {
        return new Snapshots<>(maker, newStop, newGoOn);
    }

    /**
     * Checks the device in the state that {@code use} brings it to; called several times, each time with a rig of its own.
     *
     * @return the guest with a new device that is the restored one, and has gone on: the driver's queues are the ones that {@code use} set up
     */
    public VirtioRig<D> check(Consumer<VirtioRig<D>> use) throws StateException {
        VirtioRig<D> used = used(use);
        State state = used.save();
        requireSame("saved twice", state, used.save());
        checkInPlace(state, use);
        checkMutations(used, state);
        VirtioRig<D> restored = used.withNew(maker);
        stop.accept(restored.device());
        restored.restore(state);
        requireSame("restored into a new device", state, restored.save());
        goOn.accept(restored.device());
        restored.goOn();
        return restored;
    }

    private VirtioRig<D> used(Consumer<VirtioRig<D>> use) {
        VirtioRig<D> rig = new VirtioRig<>(maker);
        use.accept(rig);
        stop.accept(rig.device());
        return rig;
    }

    private void checkInPlace(State state, Consumer<VirtioRig<D>> use) throws StateException {
        VirtioRig<D> other = used(use);
        VirtioRig<D> fresh = new VirtioRig<>(maker);
        stop.accept(fresh.device());
        other.restore(fresh.save());
        requireSame("a fresh state restored into a device in use", fresh.save(), other.save());
        other = used(use);
        other.restore(state);
        requireSame("restored into a device in use", state, other.save());
        goOn.accept(other.device());
        other.goOn();
    }

    /**
     * Has a new device try to become what {@code change} makes of the state that {@code use} brings it to, as {@link #check} does with states
     * that are one value off: for a fuzzer.
     */
    public void survive(Consumer<VirtioRig<D>> use, UnaryOperator<State> change) {
        VirtioRig<D> used = used(use);
        State changed = change.apply(used.save());
        byte[] before = GuestRam.get(used.memory(), 0, VirtioRig.RAM_LENGTH);
        survive(new StateMutations.Mutation("changed", changed), before, used.memory());
    }

    private void checkMutations(VirtioRig<D> used, State state) {
        byte[] before = GuestRam.get(used.memory(), 0, VirtioRig.RAM_LENGTH);
        GuestMemory memory = GuestRam.of(VirtioRig.RAM_LENGTH);
        boolean isChanged = true;
        for (StateMutations.Mutation mutation : StateMutations.of(state)) {
            if (isChanged) {
                GuestRam.put(memory, 0, before);
            }
            isChanged = survive(mutation, before, memory);
        }
    }

    /** Returns whether the guest's memory is not as {@code before} any more. */
    private boolean survive(StateMutations.Mutation mutation, byte[] before, GuestMemory memory) {
        VirtioRig<D> victim = new VirtioRig<>(maker, memory, new ManualClock(), new SplitDriverQueue[0]);
        stop.accept(victim.device());
        boolean isRefused = false;
        try {
            victim.restore(mutation.state());
        } catch (StateException e) {
            isRefused = true;
        } catch (RuntimeException | Error e) {
            throw new AssertionError(mutation + ": restoring threw " + e, e);
        }
        try {
            finish(victim);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(mutation + (isRefused ? ", refused: " : ", taken: ") + e.getMessage(), e);
        }
        boolean isChanged = !isSame(before, memory);
        if (isRefused && isChanged) {
            throw new AssertionError(mutation + ", refused: the guest's memory has changed");
        }
        return isChanged;
    }

    private static boolean isSame(byte[] before, GuestMemory memory) {
        ByteBuffer expected = ByteBuffer.wrap(before);
        try {
            for (ByteBuffer slice : memory.slices(0, before.length)) {
                int length = slice.remaining();
                if (!expected.slice(expected.position(), length).equals(slice)) {
                    return false;
                }
                expected.position(expected.position() + length);
            }
            return true;
        } catch (GuestMemoryException e) {
            throw new IllegalStateException(e);
        }
    }

    private void finish(VirtioRig<D> victim) {
        goOn.accept(victim.device());
        victim.goOn();
        victim.loop().advance(AFTERWARDS);
        victim.driver().reset();
        victim.loop().run();
        if (victim.driver().status() != 0) {
            throw new AssertionError("the device cannot be reset");
        }
    }

    /**
     * Checks a device on a bus, in the state that {@code use} brings it to.
     *
     * @param maker makes a device of its own each time
     * @param ports of the device; each is read and written after states that are one value off
     * @return the device restored, and told so
     */
    public static <T extends Stateful> T check(Supplier<T> maker, Function<T, BusDevice[]> ports, Consumer<T> use) throws StateException {
        T used = maker.get();
        use.accept(used);
        State state = used.saveState();
        requireSame("saved twice", state, used.saveState());
        State fresh = maker.get().saveState();
        T other = maker.get();
        use.accept(other);
        other.restoreState(fresh);
        requireSame("a fresh state restored into a device in use", fresh, other.saveState());
        for (StateMutations.Mutation mutation : StateMutations.of(state)) {
            T victim = maker.get();
            try {
                victim.restoreState(mutation.state());
                victim.afterRestore();
                poke(ports.apply(victim));
            } catch (StateException e) {
                continue;
            } catch (RuntimeException | Error e) {
                throw new AssertionError(mutation + ": " + e, e);
            }
        }
        T restored = maker.get();
        restored.restoreState(state);
        requireSame("restored into a new device", state, restored.saveState());
        restored.afterRestore();
        return restored;
    }

    private static void poke(BusDevice... ports) {
        for (BusDevice port : ports) {
            for (int offset = 0; offset < WINDOW; offset++) {
                for (int width = 1; width <= Long.BYTES; width *= 2) {
                    port.read(offset, width);
                    port.write(offset, width, 0x5A);
                }
            }
        }
    }

    private static void requireSame(String what, State expected, State actual) {
        if (!expected.equals(actual)) {
            throw new AssertionError(what + ": the state was\n" + expected + "\nand is\n" + actual);
        }
    }
}
