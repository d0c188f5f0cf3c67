package io.vmm4j.devices.testing;

import io.vmm4j.devices.bus.BusDevice;
import java.util.Random;

/**
 * A guest that reads and writes registers at random: every offset of a window, every width, values that hit single bits
 * and the edges. The seed is printed, so that a failure can be run again with -Dvmm.test.seed=SEED.
 */
public final class HostileRegisters {

    private static final int[] WIDTHS = {1, 1, 1, 2, 4, 8};

    private final Random random;
    private final long seed;

    /** @param what names the test in the line that shows the seed */
    public HostileRegisters(String what) {
        this.seed = Long.getLong("vmm.test.seed", System.nanoTime());
        this.random = new Random(seed);
        System.out.println(what + ": vmm.test.seed=" + seed);
    }

    /** The seed, for messages. */
    public long seed() {
        return seed;
    }

    /** The source of chance, for what else the test does at random. */
    public Random random() {
        return random;
    }

    /** One access, read or write, somewhere in a window of {@code length} bytes. */
    public void access(BusDevice device, long length) {
        long offset = random.nextInt((int) length);
        int width = WIDTHS[random.nextInt(WIDTHS.length)];
        if (random.nextBoolean()) {
            device.read(offset, width);
        } else {
            device.write(offset, width, value());
        }
    }

    private long value() {
        return switch (random.nextInt(4)) {
            case 0 -> 1L << random.nextInt(Long.SIZE);
            case 1 -> -1L;
            case 2 -> random.nextInt(0x100);
            default -> random.nextLong();
        };
    }
}
