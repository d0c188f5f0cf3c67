package io.vmm4j.devices.testing;

import static io.vmm4j.devices.testing.PackedDriverQueue.INDIRECT;
import static io.vmm4j.devices.testing.PackedDriverQueue.NEXT;
import static io.vmm4j.devices.testing.PackedDriverQueue.WRITE;

import io.vmm4j.devices.testing.Hostile.Attack;
import io.vmm4j.devices.testing.Hostile.Outcome;
import java.util.List;
import java.util.function.Consumer;

/** What a driver can do wrong in a packed ring (virtio 1.2, section 2.8). For a device that does not offer one, nothing happens. */
final class HostilePacked {

    private static final long PACKED = 1L << 34;
    private static final long FEATURES = 1L << 32 | PACKED | 1L << 28;

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
            attack("buffer id outside of the queue", Outcome.ANY, queue -> {
                queue.rawDescriptor(1, Hostile.BUFFER + 16, 1, 0xFFFF, WRITE | queue.ownership());
                queue.rawDescriptor(0, Hostile.BUFFER, 16, 0xFFFF, NEXT | queue.ownership());
            }));
    }

    private static Attack chain(String name, Consumer<PackedDriverQueue> deed) {
        return attack(name, Outcome.NEEDS_RESET, deed);
    }

    private static Attack attack(String name, Outcome outcome, Consumer<PackedDriverQueue> deed) {
        return new Attack("packed: " + name, outcome, rig -> {
            if ((rig.driver().deviceFeatures() & PACKED) == 0) {
                return;
            }
            PackedDriverQueue queue = DriverQueue.packed(rig.memory(), Hostile.QUEUE, Hostile.SIZE, FEATURES);
            rig.start(FEATURES, queue.addresses());
            deed.accept(queue);
            rig.kick();
        });
    }
}
