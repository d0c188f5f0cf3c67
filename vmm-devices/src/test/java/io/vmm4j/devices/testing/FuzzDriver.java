package io.vmm4j.devices.testing;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.NanoClock;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import io.vmm4j.devices.virtio.queue.QueueAddresses;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;

/**
 * Drives a virtio device by a string of bytes, as a fuzzer makes them: a driver that sets it up in any way, makes chains
 * available, breaks rules, resets it in mid-flight and accesses registers at random, while things happen on the host.
 *
 * <pre>{@code
 * private final FuzzDriver<MyDevice> driver = new FuzzDriver<>((loop, clock) -> new MyDevice(loop),
 *     program -> program.bytes(16),
 *     (device, program) -> device.hostHas(program.u8()));
 *
 * @FuzzTest
 * void myDevice(byte[] program) {
 *     driver.run(program);
 * }
 * }</pre>
 *
 * <p>{@link #run} throws what the device throws, and {@link AssertionError} when the device touches guest memory on a
 * vCPU's thread or after a reset, writes where it may only read, uses a buffer that it was not given, says that it wrote more than
 * there was room for, asks for a reset though nothing wrong was done to any of its queues at its start, or leaves tasks and
 * timers behind without bound. Confined to one thread.
 *
 * @param <D> the device
 */
public final class FuzzDriver<D extends VirtioDevice> {

    /** What may happen to a device on its host's side; on the event loop. */
    @FunctionalInterface
    public interface HostEvent<D> {

        /** Makes something happen to {@code device} that {@code program} chooses. */
        void happen(D device, ByteProgram program);
    }

    private static final long VERSION_1 = 1L << 32;
    private static final long PACKED = 1L << 34;
    private static final int NEEDS_RESET = 64;
    private static final int FAILED = 128;
    private static final int STATUS = 0x070;
    private static final int MAX_TASKS = 64;
    private static final int MAX_TIMERS = 64;
    private static final int[] WIDTHS = {4, 4, 1, 2, 8, 4, 3, 0};
    private static final int[] SIZES = {16, 8, 32, 4, 2, 1};

    private final BiFunction<EventLoop, NanoClock, D> maker;
    private final Function<ByteProgram, byte[]> requests;
    private final HostEvent<D> host;
    private final FuzzArena arena = new FuzzArena();
    private final GuardedMemory memory = new GuardedMemory(arena.memory());

    private LongUnaryOperator features;
    private ByteProgram program;
    private ManualLoop loop;
    private D device;
    private VirtioMmioTransport transport;
    private MmioDriver driver;
    private FuzzQueue[] queues;
    private boolean isReset;
    private boolean lawful;
    private int takenBack;

    /**
     * @param maker    makes the device, given the loop that owns it and the clock it goes by
     * @param requests makes the start of a request, such as its header, at most 4096 bytes, that is right in most respects: random
     *                 bytes alone seldom get far
     * @param host     what may happen to the device besides
     */
    public FuzzDriver(BiFunction<EventLoop, NanoClock, D> maker, Function<ByteProgram, byte[]> requests, HostEvent<D> host) {
        this.maker = maker;
        this.requests = requests;
        this.host = host;
    }

    /** Runs {@code bytes} on a device of its own. */
    public void run(byte[] bytes) {
        run(bytes, features -> features);
    }

    /**
     * Runs {@code bytes} on a device of its own, with a hand on the features.
     *
     * @param chosen what to make of the features that the driver is about to accept
     */
    public void run(byte[] bytes, LongUnaryOperator chosen) {
        features = chosen;
        program = new ByteProgram(bytes);
        ManualClock clock = new ManualClock();
        loop = new ManualLoop(clock);
        arena.clear();
        memory.open();
        device = maker.apply(loop, clock);
        transport = new VirtioMmioTransport(device, memory, () -> { }, loop);
        driver = new MmioDriver(new VcpuWindow());
        queues = new FuzzQueue[0];
        isReset = true;
        lawful = true;
        while (program.hasNext()) {
            step();
            checkBounds();
        }
        settle();
        takeUsed();
        if (lawful) {
            arena.checkReadable();
        }
        takenBack = lawful && !isReset ? Arrays.stream(queues).mapToInt(queue -> queue == null ? 0 : queue.taken()).sum() : -1;
        reset();
    }

    /**
     * Chains that the driver had got back from the device's last activation when {@link #run} ended; -1 when there was none then,
     * or a rule was broken before, so that nothing is known.
     */
    public int takenBack() {
        return takenBack;
    }

    private void step() {
        int op = program.u8();
        switch (op & 0xF) {
            case 0 -> start();
            case 1 -> scribble();
            case 2 -> inspect();
            case 3 -> misbehave();
            case 4, 5, 6 -> addChain((op & 0x80) != 0);
            case 7 -> kick();
            case 8 -> settle();
            case 9 -> takeUsed();
            case 10 -> advance();
            case 11 -> reset();
            case 12, 13 -> hostEvent();
            case 14 -> driver.takeInterrupts();
            default -> startOddly();
        }
    }

    /** A lawful start with features and queue sizes of the program's choice. */
    private void start() {
        reset();
        long offered = driver.deviceFeatures();
        long accepted = features.applyAsLong(switch (program.below(4)) {
            case 0 -> offered & ~PACKED;
            case 1 -> offered;
            case 2 -> VERSION_1 | offered & program.u64();
            default -> VERSION_1;
        });
        if (!driver.negotiate(accepted)) {
            throw new AssertionError("features 0x" + Long.toHexString(accepted) + " of 0x" + Long.toHexString(offered) + " were refused");
        }
        int[] most = device.queueSizeMax();
        int choice = program.u8();
        queues = new FuzzQueue[Math.min(most.length, FuzzArena.MAX_QUEUES)];
        for (int i = 0; i < queues.length; i++) {
            boolean isLeftOut = choice == 0xFF && i == queues.length - 1;
            if (most[i] > 0 && !isLeftOut) {
                queues[i] = new FuzzQueue(arena, i, Math.min(most[i], SIZES[choice % SIZES.length]), accepted);
                driver.setUpQueue(i, queues[i].driver().addresses());
            }
        }
        isReset = false;
        driver.driverOk();
        settle();
        if ((driver.status() & NEEDS_RESET) != 0) {
            throw new AssertionError("a device without a request asks for a reset");
        }
    }

    /** A start with one queue anywhere, of any size. */
    private void startOddly() {
        reset();
        driver.negotiate(features.applyAsLong(driver.deviceFeatures() & (VERSION_1 | program.number())));
        queues = new FuzzQueue[0];
        isReset = false;
        lawful = false;
        driver.setUpQueue(program.below(4), new QueueAddresses((int) program.number(), arena.anyAddress(program), arena.anyAddress(program),
            arena.anyAddress(program)));
        driver.driverOk();
        settle();
    }

    private void scribble() {
        int offset = program.u8() * 4;
        int width = WIDTHS[program.below(WIDTHS.length)];
        long value = program.number();
        if (offset < 0x100 && offset != 0x050 && offset != 0x064) {
            outlaw();
        }
        if (program.flag()) {
            offset += program.below(4);
        }
        new VcpuWindow().write(offset, width, value);
    }

    private void inspect() {
        new VcpuWindow().read(program.u8() * 4L + program.below(4), WIDTHS[program.below(WIDTHS.length)]);
    }

    private void misbehave() {
        int index = program.below(Math.max(1, queues.length));
        if (queues.length > 0 && queues[index] != null) {
            outlaw();
            queues[index].misbehave(program);
        }
    }

    private void outlaw() {
        lawful = false;
        for (FuzzQueue queue : queues) {
            if (queue != null) {
                queue.outlaw();
            }
        }
    }

    private void addChain(boolean thenKick) {
        int index = program.below(Math.max(1, queues.length));
        if (queues.length == 0 || queues[index] == null) {
            return;
        }
        queues[index].addChain(program, requests);
        if (thenKick) {
            driver.notifyQueue(index);
            settle();
        }
    }

    private void kick() {
        driver.notifyQueue(program.u8());
    }

    private void settle() {
        if (isReset) {
            memory.close("the device was reset");
        }
        loop.run();
        memory.open();
    }

    private void advance() {
        if (isReset) {
            memory.close("the device was reset");
        }
        loop.advance(Duration.ofNanos(1L << program.below(34)));
        memory.open();
    }

    private void hostEvent() {
        if (isReset) {
            memory.close("the device was reset");
        }
        host.happen(device, program);
        loop.run();
        memory.open();
    }

    private void takeUsed() {
        for (FuzzQueue queue : queues) {
            if (queue != null) {
                queue.takeUsed();
            }
        }
    }

    /** After it, what is left of the activation must leave RAM as it is. */
    private void reset() {
        boolean isBusy = Arrays.stream(queues).anyMatch(queue -> queue != null && queue.outstanding() > 0);
        driver.reset();
        if (driver.status() != 0) {
            throw new AssertionError("status after a reset is 0x" + Integer.toHexString(driver.status()));
        }
        queues = new FuzzQueue[0];
        isReset = true;
        if (isBusy) {
            arena.remember();
        }
        settle();
        if (isBusy && !arena.isAsRemembered()) {
            throw new AssertionError("the device wrote to guest memory after its reset");
        }
    }

    private void checkBounds() {
        if (loop.pendingTasks() > MAX_TASKS || loop.armedTimers() > MAX_TIMERS) {
            throw new AssertionError(loop.pendingTasks() + " tasks and " + loop.armedTimers() + " timers wait");
        }
    }

    /** The registers as a vCPU reaches them: what is done there must leave guest memory to the loop, but for the end of an activation. */
    private final class VcpuWindow implements BusDevice {

        @Override
        public long read(long offset, int width) {
            memory.close("a register was read");
            long value = transport.read(offset, width);
            memory.open();
            return value;
        }

        @Override
        public void write(long offset, int width, long value) {
            boolean isEnd = offset == STATUS && ((int) value == 0 || (value & FAILED) != 0);
            if (!isEnd) {
                memory.close("a register was written");
            }
            transport.write(offset, width, value);
            memory.open();
        }
    }
}
