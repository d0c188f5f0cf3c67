package io.vmm4j.devices.testing;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.memory.BufferGuestMemory;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.virtio.queue.QueueAddresses;
import java.util.ArrayList;
import java.util.List;

/**
 * A catalogue of drivers that break the rules. Each {@link Attack} sets a device up, does one wrong thing and checks
 * what every device owes to its host: nothing is thrown, the device stops where the specification says so, and after a
 * reset it works again.
 *
 * <pre>{@code
 * static List<Hostile.Attack> attacks() {
 *     return Hostile.all(seed);
 * }
 *
 * @ParameterizedTest
 * @MethodSource("attacks")
 * void survives(Hostile.Attack attack) {
 *     GuestMemory memory = Hostile.memory();
 *     VirtioMmioTransport window = new VirtioMmioTransport(device, memory, line, loop);
 *     attack.run(new Hostile.Rig(memory, window, loop::run, 0));
 * }
 * }</pre>
 *
 * <p>A queue that the device fills of its own accord, such as a receive queue, is only looked at when there is
 * something to fill it with: let the rig's settle step see to that.
 */
public final class Hostile {

    /** End of the lower RAM of {@link #memory()}; the hole begins. */
    public static final long LOW_END = 0x100000;
    /** Start of the upper RAM of {@link #memory()}. */
    public static final long HIGH_START = 0x1_0000_0000L;
    /** An address where a machine has device windows and no RAM. */
    public static final long WINDOW = 0xC000_1000L;

    static final long QUEUE = 0x10000;
    static final long BUFFER = 0x40000;
    static final long TABLE = 0x60000;
    static final int SIZE = 8;
    static final int STARTED = 15;
    static final int NEEDS_RESET = 64;

    private static final int HIGH_LENGTH = 0x10000;
    private static final int CHUNK = 4096;

    private Hostile() {
    }

    /** What a device must do. */
    public enum Outcome {
        /** DEVICE_NEEDS_RESET is set. */
        NEEDS_RESET,
        /** The status is as the driver left it. */
        CARRIES_ON,
        /** Either: what the driver did is wrong, but a device need not notice. */
        ANY
    }

    /**
     * The device under attack.
     *
     * @param memory its RAM, from {@link #memory()}
     * @param window its registers
     * @param settle runs the device until it has nothing left to do
     * @param queue  the queue to attack; the device looks at it when notified
     */
    public record Rig(GuestMemory memory, BusDevice window, Runnable settle, int queue) {

        MmioDriver driver() {
            return new MmioDriver(window);
        }

        /** Starts the device with {@code addresses} for the attacked queue. */
        void start(long features, QueueAddresses addresses) {
            MmioDriver driver = driver();
            if (!driver.negotiate(features)) {
                throw new AssertionError("the device refused features 0x" + Long.toHexString(features));
            }
            driver.setUpQueue(queue, addresses);
            driver.driverOk();
            settle.run();
        }

        /** Throws {@link AssertionError} unless the status tells {@code outcome}. */
        void expect(Outcome outcome) {
            int status = driver().status();
            boolean needsReset = (status & NEEDS_RESET) != 0;
            boolean isRight = switch (outcome) {
                case NEEDS_RESET -> needsReset;
                case CARRIES_ON -> !needsReset;
                case ANY -> true;
            };
            if (!isRight) {
                throw new AssertionError("expected " + outcome + ", status is 0x" + Integer.toHexString(status));
            }
        }

        void kick() {
            driver().notifyQueue(queue);
            settle.run();
        }
    }

    /** The wrong thing itself. */
    @FunctionalInterface
    interface Deed {
        void commit(Rig rig);
    }

    /** One entry of the catalogue. */
    public static final class Attack {

        private final String name;
        private final Outcome outcome;
        private final Deed deed;

        Attack(String name, Outcome outcome, Deed deed) {
            this.name = name;
            this.outcome = outcome;
            this.deed = deed;
        }

        /** Carries the attack out and checks the outcome; throws {@link AssertionError} when a rule of this class is broken. */
        public void run(Rig rig) {
            deed.commit(rig);
            rig.settle().run();
            rig.expect(outcome);
            checkRecovery(rig);
        }

        private void checkRecovery(Rig rig) {
            rig.driver().reset();
            rig.settle().run();
            if (rig.driver().status() != 0) {
                throw new AssertionError(name + ": status after the reset is 0x" + Integer.toHexString(rig.driver().status()));
            }
            rig.start(1L << 32, DriverQueue.split(rig.memory(), QUEUE, SIZE, 0).addresses());
            if (rig.driver().status() != STARTED) {
                throw new AssertionError(name + ": status after a new start is 0x" + Integer.toHexString(rig.driver().status()));
            }
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** RAM with a hole: 1 MiB from 0 and 64 KiB from 4 GiB, in chunks of 4 KiB. */
    public static GuestMemory memory() {
        return new BufferGuestMemory(List.of(
            GuestRam.region(0, (int) LOW_END, CHUNK), GuestRam.region(HIGH_START, HIGH_LENGTH, CHUNK)));
    }

    /**
     * The whole catalogue.
     *
     * @param seed of the attacks that act at random; print it
     */
    public static List<Attack> all(long seed) {
        List<Attack> attacks = new ArrayList<>();
        attacks.addAll(HostileSplit.attacks());
        attacks.addAll(HostilePacked.attacks());
        attacks.addAll(HostileTransport.attacks(seed));
        return attacks;
    }
}
