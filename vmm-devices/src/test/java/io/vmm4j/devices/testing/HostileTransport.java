package io.vmm4j.devices.testing;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.Hostile.Attack;
import io.vmm4j.devices.testing.Hostile.Outcome;
import io.vmm4j.devices.testing.Hostile.Rig;
import io.vmm4j.devices.virtio.queue.QueueAddresses;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/** What a driver can do wrong with the registers of virtio over MMIO (virtio 1.2, section 4.2). */
final class HostileTransport {

    private static final long FEATURES = 1L << 32;
    private static final int RANDOM_ACCESSES = 5_000;
    private static final int[] WIDTHS = {1, 2, 4, 8};

    private HostileTransport() {
    }

    static List<Attack> attacks(long seed) {
        long end = Hostile.LOW_END;
        return List.of(
            layout("queue size 0", with(0, 0, 0, 0)),
            layout("queue size 3", with(3, 0, 0, 0)),
            layout("queue size 2^15", with(1 << 15, 0, 0, 0)),
            layout("queue size 2^31", with(1 << 31, 0, 0, 0)),
            layout("descriptor table off by 8", with(Hostile.SIZE, 8, 0, 0)),
            layout("available ring off by 1", with(Hostile.SIZE, 0, 1, 0)),
            layout("used ring off by 2", with(Hostile.SIZE, 0, 0, 2)),
            layout("descriptor table in a device's window", new QueueAddresses(Hostile.SIZE, Hostile.WINDOW, Hostile.TABLE, Hostile.TABLE)),
            layout("available ring in a device's window", new QueueAddresses(Hostile.SIZE, Hostile.QUEUE, Hostile.WINDOW, Hostile.TABLE)),
            layout("used ring in a device's window", new QueueAddresses(Hostile.SIZE, Hostile.QUEUE, Hostile.TABLE, Hostile.WINDOW)),
            layout("descriptor table over the end of RAM", new QueueAddresses(Hostile.SIZE, end - 16, Hostile.TABLE, Hostile.TABLE)),
            layout("used ring over the end of RAM", new QueueAddresses(Hostile.SIZE, Hostile.QUEUE, Hostile.TABLE, end - 4)),
            layout("descriptor table at the end of the address space", new QueueAddresses(Hostile.SIZE, -16, Hostile.TABLE, Hostile.TABLE)),
            new Attack("registers: notification of queues that do not exist", Outcome.CARRIES_ON, rig -> {
                start(rig);
                rig.driver().notifyQueue(0xFFFF);
                rig.driver().write(0x050, 0x8000_0000L);
                rig.driver().write(0x050, 0xFFFF_FFFFL);
            }),
            new Attack("registers: notification before DRIVER_OK", Outcome.CARRIES_ON, rig -> {
                rig.driver().negotiate(FEATURES);
                rig.kick();
            }),
            new Attack("registers: DRIVER_OK without features", Outcome.CARRIES_ON, rig -> {
                rig.driver().reset();
                rig.driver().writeStatus(1 | 2 | 4);
                rig.kick();
            }),
            new Attack("registers: DRIVER_OK twice", Outcome.CARRIES_ON, rig -> {
                start(rig);
                rig.driver().driverOk();
                rig.kick();
            }),
            new Attack("registers: FAILED while live", Outcome.CARRIES_ON, rig -> {
                start(rig).add(Buffer.readable(Hostile.BUFFER, 16), Buffer.writable(Hostile.BUFFER + 16, 1));
                rig.driver().writeStatus(0x80 | Hostile.STARTED);
                rig.kick();
            }),
            new Attack("registers: QueueReady taken back in mid-flight", Outcome.CARRIES_ON, rig -> {
                DriverQueue queue = start(rig);
                queue.add(Buffer.readable(Hostile.BUFFER, 16), Buffer.writable(Hostile.BUFFER + 16, 1));
                rig.driver().notifyQueue(rig.queue());
                rig.driver().write(0x030, rig.queue());
                rig.driver().write(0x044, 0);
            }),
            new Attack("registers: layout changed while live", Outcome.ANY, rig -> {
                DriverQueue queue = start(rig);
                rig.driver().setUpQueue(rig.queue(), new QueueAddresses(1 << 15, Hostile.WINDOW, Hostile.WINDOW, Hostile.WINDOW));
                queue.add(Buffer.readable(Hostile.BUFFER, 16), Buffer.writable(Hostile.BUFFER + 16, 1));
                rig.kick();
            }),
            new Attack("registers: reset in mid-flight", Outcome.CARRIES_ON, rig -> {
                DriverQueue queue = start(rig);
                queue.add(Buffer.readable(Hostile.BUFFER, 16), Buffer.writable(Hostile.BUFFER + 16, 1));
                rig.driver().notifyQueue(rig.queue());
                rig.driver().reset();
                byte[] before = GuestRam.get(rig.memory(), Hostile.QUEUE, (int) SplitDriverQueue.length(Hostile.SIZE));
                rig.settle().run();
                byte[] after = GuestRam.get(rig.memory(), Hostile.QUEUE, (int) SplitDriverQueue.length(Hostile.SIZE));
                if (!java.util.Arrays.equals(before, after)) {
                    throw new AssertionError("the device touched its queue after the reset");
                }
            }),
            new Attack("registers: reset right behind DRIVER_OK", Outcome.CARRIES_ON, rig -> {
                DriverQueue queue = DriverQueue.split(rig.memory(), Hostile.QUEUE, Hostile.SIZE, FEATURES);
                rig.driver().negotiate(FEATURES);
                rig.driver().setUpQueue(rig.queue(), queue.addresses());
                rig.driver().driverOk();
                rig.driver().reset();
            }),
            new Attack("registers: reset and a new start in mid-flight", Outcome.CARRIES_ON, rig -> {
                DriverQueue queue = start(rig);
                queue.add(Buffer.readable(Hostile.BUFFER, 16), Buffer.writable(Hostile.BUFFER + 16, 1));
                rig.driver().notifyQueue(rig.queue());
                DriverQueue next = start(rig);
                rig.kick();
                if (next.takeUsed() != null) {
                    throw new AssertionError("the device used a buffer of the time before its reset");
                }
            }),
            new Attack("registers: a hundred resets", Outcome.CARRIES_ON, rig -> {
                for (int i = 0; i < 100; i++) {
                    start(rig).add(Buffer.readable(Hostile.BUFFER, 16), Buffer.writable(Hostile.BUFFER + 16, 1));
                    rig.driver().notifyQueue(rig.queue());
                    rig.driver().reset();
                }
            }),
            refused("without VERSION_1", rig -> features(rig, 0, 1L << 28)),
            refused("one that was not offered", rig -> {
                features(rig, 0, FEATURES);
                rig.driver().write(0x024, 1);
                rig.driver().write(0x020, 0x8000_0001L);
            }),
            refused("one beyond 63", rig -> {
                features(rig, 0, FEATURES);
                rig.driver().write(0x024, 2);
                rig.driver().write(0x020, 1);
            }),
            refused("one of the last word", rig -> {
                features(rig, 0, FEATURES);
                rig.driver().write(0x024, 0xFFFF_FFFFL);
                rig.driver().write(0x020, 0x8000_0000L);
            }),
            new Attack("registers: set-up of queues that do not exist", Outcome.CARRIES_ON, rig -> {
                rig.driver().negotiate(FEATURES);
                for (int index : new int[] {0x100, 0xFFFF, 0x7FFF_FFFF, -1}) {
                    rig.driver().setUpQueue(index, with(Hostile.SIZE, 0, 0, 0));
                    if (rig.driver().read(0x034) != 0 || rig.driver().read(0x044) != 0) {
                        throw new AssertionError("queue " + Integer.toUnsignedString(index) + " exists");
                    }
                }
            }),
            new Attack("registers: random accesses of all widths, seed " + seed, Outcome.ANY, rig -> scribble(rig, new Random(seed))),
            new Attack("registers: random accesses while live, seed " + seed, Outcome.ANY, rig -> {
                start(rig);
                scribble(rig, new Random(seed + 1));
            }));
    }

    /** A driver that accepts features it must not: FEATURES_OK stays clear, and the device does not come alive. */
    private static Attack refused(String name, Consumer<Rig> deed) {
        return new Attack("features: " + name, Outcome.CARRIES_ON, rig -> {
            rig.driver().reset();
            rig.driver().writeStatus(1);
            rig.driver().writeStatus(1 | 2);
            deed.accept(rig);
            rig.driver().writeStatus(1 | 2 | 8);
            rig.driver().writeStatus(1 | 2 | 8 | 4);
            if (rig.driver().status() != (1 | 2)) {
                throw new AssertionError("status is 0x" + Integer.toHexString(rig.driver().status()));
            }
        });
    }

    private static void features(Rig rig, int word, long features) {
        rig.driver().write(0x024, word);
        rig.driver().write(0x020, features);
        rig.driver().write(0x024, word + 1);
        rig.driver().write(0x020, features >>> 32);
    }

    private static void scribble(Rig rig, Random random) {
        for (int i = 0; i < RANDOM_ACCESSES; i++) {
            int width = WIDTHS[random.nextInt(WIDTHS.length)];
            long offset = random.nextInt(0x1000 / width) * (long) width;
            if (random.nextInt(4) > 0) {
                offset &= 0xff; // most of the registers are here
            }
            if (random.nextInt(16) == 0) {
                offset = random.nextInt(0x1000);
            }
            if (random.nextBoolean()) {
                rig.window().read(offset, width);
            } else {
                long value = random.nextBoolean() ? random.nextInt(256) : random.nextLong();
                rig.window().write(offset, width, value);
            }
            if (random.nextInt(64) == 0) {
                rig.settle().run();
            }
        }
    }

    private static DriverQueue start(Rig rig) {
        DriverQueue queue = DriverQueue.split(rig.memory(), Hostile.QUEUE, Hostile.SIZE, FEATURES);
        rig.start(FEATURES, queue.addresses());
        return queue;
    }

    private static QueueAddresses with(int size, int descOff, int availOff, int usedOff) {
        return new QueueAddresses(size, Hostile.QUEUE + descOff, Hostile.TABLE + availOff, Hostile.BUFFER + usedOff);
    }

    private static Attack layout(String name, QueueAddresses addresses) {
        return new Attack("layout: " + name, Outcome.NEEDS_RESET, rig -> rig.start(FEATURES, addresses));
    }
}
