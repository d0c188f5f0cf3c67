package io.vmm4j.devices.testing;

import io.vmm4j.devices.bus.Bus;
import io.vmm4j.devices.bus.BusBuilder;
import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.devices.time.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BiFunction;

/**
 * A device on a bus set up for a test: its interrupt line, a loop run by hand, and accesses as a vCPU makes them. What a machine's bus
 * keeps from a device, accesses that are not wholly in its range, this one keeps from it too.
 *
 * @param <D> the device
 */
public final class BusRig<D extends BusDevice> {

    /** Where the device's range begins. */
    public static final long BASE = 0x1000;

    private static final int[] WIDTHS = {1, 2, 4, 8};
    private static final long[] VALUES = {0, -1, 1, Long.MIN_VALUE, Long.MAX_VALUE, 0x7FFF_FFFFL, 0x8000_0000L, 0x5A5A_5A5A_5A5A_5A5AL};
    /** Of longer ranges the edges are looked at, and places between them. */
    private static final int OFFSETS_MAX = 512;
    private static final int RANDOM_ACCESSES = 20_000;
    private static final int THREADS = 3;
    private static final Duration LATER = Duration.ofHours(1);
    /** What the JVM may allocate on its own behalf. */
    private static final long SLACK = 4 << 20;

    private final RecordingLine line = new RecordingLine();
    private final ManualLoop loop = new ManualLoop(new ManualClock());
    private final D device;
    private final Bus bus;

    /**
     * @param length bytes in the device's range
     * @param maker  makes the device, given its line and the loop
     */
    public BusRig(long length, BiFunction<? super InterruptLine, ? super EventLoop, ? extends D> maker) {
        device = maker.apply(line, loop);
        bus = new BusBuilder("bus under test").add("the device", BASE, length, device).build();
    }

    /**
     * Has guests do what they may with a device of its own: accesses of all widths at its edges, between and across them, with all kinds
     * of values, in any order and from several vCPUs at once, while time goes by. Throws {@link AssertionError}, which begins with
     * the access, when the device throws, does not come to rest within {@value Survival#SECONDS} s, or allocates in proportion to what
     * the guest says.
     *
     * @param length bytes in the device's range
     * @param maker  makes the device, given its line and the loop; on another thread than the caller's
     * @param seed   of what is done at random; print it
     */
    public static void survive(long length, BiFunction<? super InterruptLine, ? super EventLoop, ? extends BusDevice> maker, long seed) {
        Survival.run("bus", Survival.SECONDS, () -> {
            BusRig<BusDevice> rig = new BusRig<>(length, maker);
            long[] offsets = offsets(length, seed);
            rig.everyAccess(offsets);
            long allocated = AllocationMeter.allocated(() -> rig.atRandom(offsets, new Random(seed)));
            if (allocated > SLACK + 64L * RANDOM_ACCESSES) {
                throw new AssertionError("accesses: the device has allocated " + allocated + " bytes for " + RANDOM_ACCESSES + " of them");
            }
            rig.loop.advance(LATER);
            rig.atOnce(offsets, seed);
            rig.loop.advance(LATER);
        });
    }

    private static long[] offsets(long length, long seed) {
        TreeSet<Long> offsets = new TreeSet<>();
        for (long near = 0; near <= 8; near++) {
            offsets.add(near - 8);
            offsets.add(Math.min(near, length));
            offsets.add(length - near);
            offsets.add(length + near);
        }
        Random random = new Random(seed);
        for (int i = 0; i < OFFSETS_MAX; i++) {
            offsets.add(length <= OFFSETS_MAX ? i % length : Math.floorMod(random.nextLong(), length));
        }
        return offsets.stream().mapToLong(Long::longValue).toArray();
    }

    private void everyAccess(long[] offsets) {
        for (long offset : offsets) {
            for (int width : WIDTHS) {
                read(offset, width);
                for (long value : VALUES) {
                    write(offset, width, value);
                }
                read(offset, width);
                loop.run();
            }
        }
    }

    private void atRandom(long[] offsets, Random random) {
        for (int i = 0; i < RANDOM_ACCESSES; i++) {
            access(offsets, random);
        }
        loop.run();
    }

    private void access(long[] offsets, Random random) {
        long offset = offsets[random.nextInt(offsets.length)];
        int width = WIDTHS[random.nextInt(WIDTHS.length)];
        if (random.nextBoolean()) {
            read(offset, width);
        } else {
            write(offset, width, random.nextBoolean() ? random.nextLong() : random.nextInt(256));
        }
    }

    private void atOnce(long[] offsets, long seed) {
        List<FutureTask<Void>> vcpus = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            Random random = new Random(seed + i + 1);
            vcpus.add(new FutureTask<>(() -> {
                for (int access = 0; access < RANDOM_ACCESSES / THREADS; access++) {
                    access(offsets, random);
                }
                return null;
            }));
        }
        vcpus.forEach(vcpu -> new Thread(vcpu, "vcpu").start());
        for (FutureTask<Void> vcpu : vcpus) {
            try {
                vcpu.get();
            } catch (ExecutionException e) {
                throw e.getCause() instanceof AssertionError error ? error : new AssertionError("a vCPU: " + e.getCause(), e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while the vCPUs run", e);
            }
        }
        loop.run();
    }

    /**
     * As a guest's read at {@code offset} of the range.
     *
     * @param width bytes: 1, 2, 4 or 8
     * @return what the guest sees: all ones where the access is not wholly in the range
     * @throws AssertionError when the device throws
     */
    public long read(long offset, int width) {
        try {
            return bus.read(BASE + offset, width);
        } catch (Throwable e) {
            throw new AssertionError("read(" + offset + ", " + width + "): the device threw " + e, e);
        }
    }

    /**
     * As a guest's write at {@code offset} of the range.
     *
     * @param width bytes: 1, 2, 4 or 8
     * @throws AssertionError when the device throws
     */
    public void write(long offset, int width, long value) {
        try {
            bus.write(BASE + offset, width, value);
        } catch (Throwable e) {
            long told = width == Long.BYTES ? value : value & (1L << width * Byte.SIZE) - 1;
            throw new AssertionError("write(" + offset + ", " + width + ", 0x" + Long.toHexString(told) + "): the device threw " + e, e);
        }
    }

    /** The device under test. */
    public D device() {
        return device;
    }

    /** Its loop; also its clock. */
    public ManualLoop loop() {
        return loop;
    }

    /** Its interrupt. */
    public RecordingLine line() {
        return line;
    }
}
