package io.vmm4j.devices.testing;

import static io.vmm4j.devices.testing.PackedDriverQueue.INDIRECT;
import static io.vmm4j.devices.testing.PackedDriverQueue.NEXT;
import static io.vmm4j.devices.testing.PackedDriverQueue.WRITE;

import io.vmm4j.devices.testing.Hostile.Attack;
import io.vmm4j.devices.testing.Hostile.Outcome;
import io.vmm4j.devices.virtio.queue.QueueAddresses;
import java.util.List;
import java.util.function.Consumer;

/** What a driver can do wrong in a packed ring (virtio 1.2, section 2.8). For a device that does not offer one, nothing happens. */
final class HostilePacked {

    private static final long PACKED = 1L << 34;
    private static final long EVENT_IDX = 1L << 29;
    private static final long WITHOUT_INDIRECT = 1L << 32 | PACKED;
    private static final long FEATURES = WITHOUT_INDIRECT | 1L << 28;

    private HostilePacked() {
    }

    static List<Attack> attacks() {
        return List.of(
            chain("chain all around the ring and on", queue -> {
                for (int i = Hostile.SIZE - 1; i >= 0; i--) {
                    queue.rawDescriptor(i, Hostile.BUFFER, 16, 0, NEXT | queue.ownership());
                }
            }),
            chain("empty descriptors all around the ring", queue -> {
                for (int i = Hostile.SIZE - 1; i >= 0; i--) {
                    queue.rawDescriptor(i, Hostile.BUFFER, 0, 0, NEXT | queue.ownership());
                }
            }),
            chain("lengths that add up to 2^32", queue -> {
                queue.rawDescriptor(1, Hostile.BUFFER, 1, 0, WRITE | queue.ownership());
                queue.rawDescriptor(0, Hostile.BUFFER, 0xFFFF_FFFFL, 0, NEXT | queue.ownership());
            }),
            chain("writable before readable", queue -> {
                queue.rawDescriptor(1, Hostile.BUFFER, 16, 0, queue.ownership());
                queue.rawDescriptor(0, Hostile.BUFFER, 16, 0, NEXT | WRITE | queue.ownership());
            }),
            chain("buffer across the hole", queue -> queue.rawDescriptor(0, Hostile.LOW_END - 8, 16, 0, queue.ownership())),
            chain("buffer in a device's window", queue -> queue.rawDescriptor(0, Hostile.WINDOW, 16, 0, queue.ownership())),
            chain("buffer around the end of the address space", queue -> queue.rawDescriptor(0, -8, 16, 0, queue.ownership())),
            chain("indirect table with a next", queue -> {
                queue.rawDescriptor(1, Hostile.BUFFER, 16, 0, queue.ownership());
                queue.rawDescriptor(0, Hostile.TABLE, 16, 0, INDIRECT | NEXT | queue.ownership());
            }),
            chain("indirect table behind a buffer", queue -> {
                queue.rawDescriptor(1, Hostile.TABLE, 16, 0, INDIRECT | queue.ownership());
                queue.rawDescriptor(0, Hostile.BUFFER, 16, 0, NEXT | queue.ownership());
            }),
            chain("indirect table of no bytes", queue -> queue.rawDescriptor(0, Hostile.TABLE, 0, 0, INDIRECT | queue.ownership())),
            chain("indirect table longer than the queue",
                queue -> queue.rawDescriptor(0, Hostile.TABLE, 16 * (Hostile.SIZE + 1), 0, INDIRECT | queue.ownership())),
            chain("indirect table in the hole", queue -> queue.rawDescriptor(0, Hostile.LOW_END, 16, 0, INDIRECT | queue.ownership())),
            chain("indirect table around the end of the address space",
                queue -> queue.rawDescriptor(0, -16, 32, 0, INDIRECT | queue.ownership())),
            chain("writable buffer across the hole", queue -> {
                queue.rawDescriptor(1, Hostile.LOW_END - 8, 16, 0, WRITE | queue.ownership());
                queue.rawDescriptor(0, Hostile.BUFFER, 16, 0, NEXT | queue.ownership());
            }),
            chain("indirect table across the hole", queue -> queue.rawDescriptor(0, Hostile.LOW_END - 16, 32, 0, INDIRECT | queue.ownership())),
            attack("indirect table that was not negotiated", WITHOUT_INDIRECT, Outcome.NEEDS_RESET,
                queue -> queue.rawDescriptor(0, Hostile.TABLE, 16, 0, INDIRECT | queue.ownership())),
            attack("indirect inside indirect", FEATURES, Outcome.ANY, queue -> {
                queue.rawDescriptorAt(Hostile.TABLE, Hostile.TABLE, 16, 0, INDIRECT);
                queue.rawDescriptor(0, Hostile.TABLE, 16, 0, INDIRECT | queue.ownership());
            }),
            attack("the same buffer id twice", FEATURES, Outcome.ANY, queue -> {
                queue.rawDescriptor(1, Hostile.BUFFER, 16, 1, queue.ownership());
                queue.rawDescriptor(0, Hostile.BUFFER, 16, 1, queue.ownership());
            }),
            attack("the ring itself as a buffer", FEATURES, Outcome.ANY, queue -> {
                queue.rawDescriptor(1, Hostile.QUEUE, PackedDriverQueue.length(Hostile.SIZE), 0, WRITE | queue.ownership());
                queue.rawDescriptor(0, Hostile.BUFFER, 16, 0, NEXT | queue.ownership());
            }),
            attack("event suppression with reserved flags and no such descriptor", FEATURES | EVENT_IDX, Outcome.ANY, queue -> {
                queue.rawDriverEvent(0x7FFF, 0xFFFF);
                queue.rawDescriptor(1, Hostile.BUFFER + 16, 1, 0, WRITE | queue.ownership());
                queue.rawDescriptor(0, Hostile.BUFFER, 16, 0, NEXT | queue.ownership());
            }),
            layout("ring off by 8", new QueueAddresses(Hostile.SIZE, Hostile.QUEUE + 8, Hostile.TABLE, Hostile.BUFFER)),
            layout("driver event suppression off by 2", new QueueAddresses(Hostile.SIZE, Hostile.QUEUE, Hostile.TABLE + 2, Hostile.BUFFER)),
            layout("device event suppression off by 1", new QueueAddresses(Hostile.SIZE, Hostile.QUEUE, Hostile.TABLE, Hostile.BUFFER + 1)),
            layout("ring in a device's window", new QueueAddresses(Hostile.SIZE, Hostile.WINDOW, Hostile.TABLE, Hostile.BUFFER)),
            layout("driver event suppression in a device's window",
                new QueueAddresses(Hostile.SIZE, Hostile.QUEUE, Hostile.WINDOW, Hostile.BUFFER)),
            layout("device event suppression in a device's window",
                new QueueAddresses(Hostile.SIZE, Hostile.QUEUE, Hostile.TABLE, Hostile.WINDOW)),
            layout("ring over the end of RAM", new QueueAddresses(Hostile.SIZE, Hostile.LOW_END - 16, Hostile.TABLE, Hostile.BUFFER)),
            layout("ring at the end of the address space", new QueueAddresses(Hostile.SIZE, -16, Hostile.TABLE, Hostile.BUFFER)),
            layout("queue size 0", new QueueAddresses(0, Hostile.QUEUE, Hostile.TABLE, Hostile.BUFFER)),
            layout("queue size 2^15", new QueueAddresses(1 << 15, Hostile.QUEUE, Hostile.TABLE, Hostile.BUFFER)),
            attack("buffer id outside of the queue", FEATURES, Outcome.ANY, queue -> {
                queue.rawDescriptor(1, Hostile.BUFFER + 16, 1, 0xFFFF, WRITE | queue.ownership());
                queue.rawDescriptor(0, Hostile.BUFFER, 16, 0xFFFF, NEXT | queue.ownership());
            }));
    }

    private static Attack chain(String name, Consumer<PackedDriverQueue> deed) {
        return attack(name, FEATURES, Outcome.NEEDS_RESET, deed);
    }

    private static Attack layout(String name, QueueAddresses addresses) {
        return new Attack("packed: layout: " + name, Outcome.ANY, rig -> {
            if ((rig.driver().deviceFeatures() & PACKED) != 0) {
                rig.start(FEATURES, addresses);
                rig.expect(Outcome.NEEDS_RESET);
            }
        });
    }

    private static Attack attack(String name, long features, Outcome outcome, Consumer<PackedDriverQueue> deed) {
        return new Attack("packed: " + name, Outcome.ANY, rig -> {
            if ((rig.driver().deviceFeatures() & PACKED) == 0) {
                return;
            }
            PackedDriverQueue queue = DriverQueue.packed(rig.memory(), Hostile.QUEUE, Hostile.SIZE, features);
            rig.start(features, queue.addresses());
            deed.accept(queue);
            rig.kick();
            rig.expect(outcome);
        });
    }
}
