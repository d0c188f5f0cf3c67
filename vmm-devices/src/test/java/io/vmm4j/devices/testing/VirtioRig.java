package io.vmm4j.devices.testing;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.NanoClock;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A virtio device set up for a test: 4 MiB of RAM in chunks of 4 KiB, an interrupt line, a loop run by hand, the
 * device behind a virtio-mmio window, and a driver. Queues are laid out from address 0x10000 on, 0x8000 bytes each; RAM
 * from {@link #DATA} on is the test's.
 *
 * @param <D> the device
 */
public final class VirtioRig<D extends VirtioDevice> {

    /** First address that the rig does not use. */
    public static final long DATA = 0x10_0000;
    /** Bytes of RAM. */
    public static final int RAM_LENGTH = 0x40_0000;
    /** VIRTIO_F_INDIRECT_DESC, VIRTIO_F_EVENT_IDX and VIRTIO_F_VERSION_1. */
    public static final long RING_FEATURES = 1L << 28 | 1L << 29 | 1L << 32;

    private static final long TRANSPORT_FEATURES = RING_FEATURES | 1L << 34;
    private static final long QUEUES = 0x1_0000;
    private static final long QUEUE_STRIDE = 0x8000;
    private static final int NEEDS_RESET = 64;

    private final GuestMemory memory;
    private final RecordingLine line = new RecordingLine();
    private final ManualClock clock;
    private final ManualLoop loop;
    private final D device;
    private final VirtioMmioTransport transport;
    private final MmioDriver driver;
    private SplitDriverQueue[] queues;

    /** @param device makes the device, given the loop that owns it */
    public VirtioRig(Function<EventLoop, D> device) {
        this((loop, clock) -> device.apply(loop));
    }

    /** @param device makes the device, given the loop that owns it and the clock that rate limits go by */
    public VirtioRig(BiFunction<EventLoop, NanoClock, D> device) {
        this(device, GuestRam.of(RAM_LENGTH), new ManualClock(), new SplitDriverQueue[0]);
    }

    /** @param queues of a driver that has set them up there before */
    VirtioRig(BiFunction<EventLoop, NanoClock, D> device, GuestMemory memory, ManualClock clock, SplitDriverQueue[] queues) {
        this.memory = memory;
        this.clock = clock;
        this.queues = queues;
        this.loop = new ManualLoop(clock);
        this.device = device.apply(loop, clock);
        this.transport = new VirtioMmioTransport(this.device, memory, line, loop);
        this.driver = new MmioDriver(transport);
    }

    /** The state of the device and its transport, without running the loop. */
    public State save() {
        return transport.saveState();
    }

    /** The same guest, its memory, its driver's queues and the time, with a new device that nobody drives. This rig is not used any more. */
    VirtioRig<D> withNew(BiFunction<EventLoop, NanoClock, D> newDevice) {
        return new VirtioRig<>(newDevice, memory, clock, queues);
    }

    /** Makes the device, in use or not, what {@code state} says, without running the loop. {@link #goOn} is to follow. */
    public void restore(State state) throws StateException {
        transport.restoreState(state);
    }

    /** What a machine does when all of it is back. */
    public void goOn() {
        transport.afterRestore();
        loop.run();
    }

    /** The seed of a test that acts at random, printed so that a failure can be run again with -Dvmm.test.seed=SEED. */
    public static long seed(String test) {
        long seed = Long.getLong("vmm.test.seed", System.nanoTime());
        System.out.println(test + ": vmm.test.seed=" + seed);
        return seed;
    }

    /**
     * Carries out {@code attack} on queue {@code queue} of a device of its own, and looks at all that the device does with what its
     * activation gives it. Throws {@link AssertionError}, which begins with the attack's name, when the device
     *
     * <ul>
     * <li>throws, or does not come to rest within {@value Survival#SECONDS} s,
     * <li>does not stop, or stops, against the specification, or does not start again after a reset,
     * <li>allocates in proportion to lengths or numbers that the guest says,
     * <li>uses memory, queues or the interrupt once it is reset, by a task or a timer either, changes the guest's memory then, or
     *     still holds on to them, or makes timers with each start and closes none,
     * <li>gives a chain back twice, or with a length that it has no room for.
     * </ul>
     *
     * @param device  makes the device, given the loop that owns it; on another thread than the caller's
     * @param prepare runs before each look at the device, as to give it something to receive
     */
    public static <D extends VirtioDevice> void survive(Hostile.Attack attack, int queue, Function<EventLoop, D> device,
            Consumer<D> prepare) {
        Survival.run(attack.toString(), Survival.SECONDS, () -> new Survival<>(queue, device, prepare).carryOut(attack));
    }

    /**
     * Has a device of its own serve one request in order, and checks what a driver relies on: that the chain comes back once,
     * that the device has written as many bytes as it says, neither fewer nor more, and left alone what it is to read.
     *
     * @param queue   the queue that the request goes to
     * @param device  makes the device, given the loop that owns it; called twice, on another thread than the caller's
     * @param request what the device reads, up to 32 KiB; may be empty
     * @param room    bytes that it may write, up to 32 KiB
     * @return what it wrote
     */
    public static <D extends VirtioDevice> byte[] exchange(int queue, Function<EventLoop, D> device, byte[] request, int room) {
        byte[][] answers = new byte[2][];
        Survival.run("exchange", Survival.SECONDS, () -> {
            int[] poisons = {0x5A, 0xA5};
            for (int i = 0; i < poisons.length; i++) {
                answers[i] = new Survival<D>(queue, device, made -> { }).exchange(request, room, poisons[i]);
            }
            Survival.requireWritten(answers, poisons);
        });
        return answers[0];
    }

    /**
     * Starts the device with queues of these sizes, 0 leaving one out, and runs the loop.
     *
     * @param features accepted ones; the rig adds {@link #RING_FEATURES}
     */
    public VirtioRig<D> start(long features, int... sizes) {
        if (!driver.negotiate(features | RING_FEATURES)) {
            throw new IllegalStateException("the device refused features 0x" + Long.toHexString(features));
        }
        queues = new SplitDriverQueue[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            if (sizes[i] > 0) {
                queues[i] = DriverQueue.split(memory, QUEUES + QUEUE_STRIDE * i, sizes[i], features | RING_FEATURES);
                driver.setUpQueue(i, queues[i].addresses());
            }
        }
        driver.driverOk();
        loop.run();
        return this;
    }

    /** The features that the device itself offers, without those of rings and transports. */
    public long deviceFeatures() {
        return driver.deviceFeatures() & ~TRANSPORT_FEATURES;
    }

    /** Notifies queue {@code index} and runs the loop. */
    public void kick(int index) {
        driver.notifyQueue(index);
        loop.run();
    }

    /** Notifies queue {@code index} if the device wants that, as a driver does, and runs the loop. */
    public void kickIfNeeded(int index) {
        if (queues[index].needsKick()) {
            driver.notifyQueue(index);
        }
        loop.run();
    }

    /** Whether the device has asked for a reset. */
    public boolean needsReset() {
        return (driver.status() & NEEDS_RESET) != 0;
    }

    /** The driver's side of queue {@code index}. */
    public SplitDriverQueue queue(int index) {
        return queues[index];
    }

    /** The device under test. */
    public D device() {
        return device;
    }

    /** The driver's side of the transport. */
    public MmioDriver driver() {
        return driver;
    }

    /** Guest RAM. */
    public GuestMemory memory() {
        return memory;
    }

    /** The device's loop; also its clock. */
    public ManualLoop loop() {
        return loop;
    }

    /** The device's interrupt. */
    public RecordingLine line() {
        return line;
    }
}
