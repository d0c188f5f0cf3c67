package io.vmm4j.devices.testing;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.memory.BufferGuestMemory;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.virtio.queue.QueueAddresses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A catalogue of drivers that break the rules. Each {@link Attack} sets a device up, does one wrong thing and checks
 * what every device owes to its host: nothing is thrown, nothing is allocated in proportion to what the guest says, the device
 * stops where the specification says so, a reset makes it let go of the guest, and after that it works again.
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

    /** When a device that was reset has long been done with what it does by the clock. */
    private static final Duration LATER = Duration.ofMinutes(1);

    /** How long a device may take to let go that has threads besides the loop's. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int QUEUE_SEL = 0x030;
    private static final int QUEUE_READY = 0x044;

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
     * @param watch  what else can be seen of the device
     */
    public record Rig(GuestMemory memory, BusDevice window, Runnable settle, int queue, Watch watch) {

        /** A device of which nothing else can be seen: attacks that are for that do less. */
        public Rig(GuestMemory memory, BusDevice window, Runnable settle, int queue) {
            this(memory, window, settle, queue, Watch.NONE);
        }

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

        /** Resets the device and throws {@link AssertionError} when that does not end, or the device changes guest memory from then on. */
        void expectQuietReset() {
            driver().reset();
            expectQuiet(() -> driver().status() == 0, "its reset");
        }

        /** Has the driver take the attacked queue back from the device, which goes on. */
        void takeBackQueue() {
            driver().write(QUEUE_SEL, queue);
            driver().write(QUEUE_READY, 0);
        }

        /** Takes the attacked queue back, and throws as above. */
        void expectQuietQueue() {
            takeBackQueue();
            expectQuiet(() -> driver().read(QUEUE_READY) == 0, "its queue was taken back");
        }

        private void expectQuiet(BooleanSupplier isOver, String what) {
            long end = System.nanoTime() + PATIENCE_NANOS;
            while (!isOver.getAsBoolean()) {
                if (System.nanoTime() - end >= 0) {
                    throw new AssertionError("the device does not say that it has let go after " + what);
                }
                settle.run();
            }
            byte[] before = ram();
            driver().notifyQueue(queue);
            settle.run();
            watch.passTime(LATER);
            settle.run();
            int changed = Arrays.mismatch(before, ram());
            if (changed >= 0) {
                throw new AssertionError("the device changed guest memory at 0x" + Long.toHexString(changed) + " after " + what);
            }
        }

        private byte[] ram() {
            return GuestRam.get(memory, 0, (int) LOW_END);
        }

        /** The largest size of the attacked queue that the device allows, as far as {@code most}. */
        int largestSize(int most) {
            driver().write(0x030, queue);
            return (int) Math.min(driver().read(0x034), most);
        }
    }

    /** What can be seen of a device beside its registers, by who has it and its loop in hand. */
    public interface Watch {

        /** Nothing. */
        Watch NONE = new Watch() { };

        /** Has {@code task} run on the device's loop, behind what waits there; false when nobody can. */
        default boolean execute(Runnable task) {
            return false;
        }

        /** Turns the device's clock on, and runs what is due. */
        default void passTime(Duration amount) {
            // Nobody can.
        }

        /** Timers that the device has made on its loop and not closed. */
        default int timers() {
            return 0;
        }

        /** Throws {@link AssertionError} when the device, which was reset, still holds what it was activated with. */
        default void expectDropped() {
            // Nobody knows.
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

        /**
         * Carries the attack out and checks the outcome; throws {@link AssertionError}, which begins with the attack's name, when
         * a rule of this class is broken.
         */
        public void run(Rig rig) {
            try {
                deed.commit(rig);
                rig.settle().run();
                rig.expect(outcome);
                checkRecovery(rig);
            } catch (RuntimeException | Error e) {
                throw new AssertionError(name + ": " + (e instanceof AssertionError ? e.getMessage() : "the device threw " + e), e);
            }
        }

        private static void checkRecovery(Rig rig) {
            rig.expectQuietReset();
            if (rig.driver().status() != 0) {
                throw new AssertionError("status after the reset is 0x" + Integer.toHexString(rig.driver().status()));
            }
            SplitDriverQueue queue = DriverQueue.split(rig.memory(), QUEUE, Math.min(SIZE, rig.largestSize(SIZE)), 0);
            rig.start(1L << 32, queue.addresses());
            if (rig.driver().status() != STARTED) {
                throw new AssertionError("status after a new start is 0x" + Integer.toHexString(rig.driver().status()));
            }
            serve(rig, queue);
            rig.expectQuietReset();
        }

        /** A chain in order: it comes back once, if it does, with a length that it has room for. */
        private static void serve(Rig rig, SplitDriverQueue queue) {
            if (queue.addresses().size() < 2) {
                return;
            }
            int id = queue.add(Buffer.readable(BUFFER, 16), Buffer.writable(BUFFER + 16, 1));
            rig.kick();
            Used used = queue.takeUsed();
            if (used != null && (used.id() != id || used.length() > 1 || queue.takeUsed() != null)) {
                throw new AssertionError("chain " + id + " with room for 1 byte comes back as " + used + ", or twice");
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
        attacks.addAll(HostileShapes.attacks());
        attacks.addAll(HostileNumbers.attacks());
        attacks.addAll(HostileResets.attacks());
        return attacks;
    }
}
