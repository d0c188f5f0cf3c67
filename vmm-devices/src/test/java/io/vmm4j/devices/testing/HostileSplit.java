package io.vmm4j.devices.testing;

import static io.vmm4j.devices.testing.SplitDriverQueue.INDIRECT;
import static io.vmm4j.devices.testing.SplitDriverQueue.NEXT;
import static io.vmm4j.devices.testing.SplitDriverQueue.WRITE;

import io.vmm4j.devices.testing.Hostile.Attack;
import io.vmm4j.devices.testing.Hostile.Outcome;
import java.util.List;
import java.util.function.Consumer;

/** What a driver can do wrong in a split ring (virtio 1.2, section 2.7). */
final class HostileSplit {

    private static final long FEATURES = 1L << 32 | 1L << 28;
    private static final long WITHOUT_INDIRECT = 1L << 32;

    private HostileSplit() {
    }

    static List<Attack> attacks() {
        return List.of(
            chain("descriptor that is its own next", queue -> {
                queue.rawDescriptor(0, Hostile.BUFFER, 16, NEXT, 0);
                queue.publish(0);
            }),
            chain("loop of two descriptors", queue -> {
                queue.rawDescriptor(0, Hostile.BUFFER, 16, NEXT, 1);
                queue.rawDescriptor(1, Hostile.BUFFER, 16, NEXT, 0);
                queue.publish(0);
            }),
            chain("loop of empty descriptors", queue -> {
                queue.rawDescriptor(0, Hostile.BUFFER, 0, NEXT, 1);
                queue.rawDescriptor(1, Hostile.BUFFER, 0, NEXT, 0);
                queue.publish(0);
            }),
            chain("next outside of the table", queue -> {
                queue.rawDescriptor(0, Hostile.BUFFER, 16, NEXT, Hostile.SIZE);
                queue.publish(0);
            }),
            chain("head outside of the table", queue -> queue.publish(Hostile.SIZE)),
            chain("head of all ones", queue -> queue.publish(0xFFFF)),
            chain("available index one too far", queue -> {
                queue.rawDescriptor(0, Hostile.BUFFER, 16, 0, 0);
                queue.rawAvailIdx(Hostile.SIZE + 1);
            }),
            chain("available index half way round", queue -> queue.rawAvailIdx(0x8000)),
            chain("available index one back", queue -> queue.rawAvailIdx(0xFFFF)),
            chain("lengths that add up to 2^32", queue -> {
                queue.rawDescriptor(0, Hostile.BUFFER, 0xFFFF_FFFFL, NEXT, 1);
                queue.rawDescriptor(1, Hostile.BUFFER, 1, WRITE, 0);
                queue.publish(0);
            }),
            buffer("buffer across the hole", Hostile.LOW_END - 8, 16),
            buffer("buffer in the hole", Hostile.LOW_END, 16),
            buffer("buffer from RAM over the hole to RAM", Hostile.LOW_END - 16, Hostile.HIGH_START - Hostile.LOW_END + 32),
            buffer("buffer in a device's window", Hostile.WINDOW, 16),
            buffer("buffer around the end of the address space", -8, 16),
            buffer("buffer at the last byte of the address space", -1, 1),
            chain("writable before readable", queue -> {
                queue.rawDescriptor(0, Hostile.BUFFER, 1, WRITE | NEXT, 1);
                queue.rawDescriptor(1, Hostile.BUFFER, 16, 0, 0);
                queue.publish(0);
            }),
            chain("indirect inside indirect", queue -> {
                queue.rawDescriptorAt(Hostile.TABLE, Hostile.TABLE + 16, 16, INDIRECT, 0);
                indirect(queue, Hostile.TABLE, 16, INDIRECT);
            }),
            chain("indirect table that loops", queue -> {
                queue.rawDescriptorAt(Hostile.TABLE, Hostile.BUFFER, 16, NEXT, 0);
                indirect(queue, Hostile.TABLE, 16, INDIRECT);
            }),
            chain("next outside of the indirect table", queue -> {
                queue.rawDescriptorAt(Hostile.TABLE, Hostile.BUFFER, 16, NEXT, 2);
                indirect(queue, Hostile.TABLE, 32, INDIRECT);
            }),
            chain("indirect table of no bytes", queue -> indirect(queue, Hostile.TABLE, 0, INDIRECT)),
            chain("indirect table of one and a half descriptors", queue -> indirect(queue, Hostile.TABLE, 24, INDIRECT)),
            chain("indirect table of 4 GiB", queue -> indirect(queue, Hostile.TABLE, 0xFFFF_FFF0L, INDIRECT)),
            chain("indirect table in the hole", queue -> indirect(queue, Hostile.LOW_END, 16, INDIRECT)),
            chain("indirect table across the hole", queue -> indirect(queue, Hostile.LOW_END - 16, 32, INDIRECT)),
            chain("indirect table in a device's window", queue -> indirect(queue, Hostile.WINDOW, 16, INDIRECT)),
            chain("indirect table around the end of the address space", queue -> indirect(queue, -16, 32, INDIRECT)),
            chain("indirect table with a chain longer than the queue", queue -> {
                for (int i = 0; i <= Hostile.SIZE; i++) {
                    queue.rawDescriptorAt(Hostile.TABLE + 16L * i, Hostile.BUFFER, 16, i < Hostile.SIZE ? NEXT : 0, i + 1);
                }
                indirect(queue, Hostile.TABLE, 16 * (Hostile.SIZE + 1), INDIRECT);
            }),
            chain("indirect table with a next", queue -> indirect(queue, Hostile.TABLE, 16, INDIRECT | NEXT)),
            attack("indirect table that was not negotiated", WITHOUT_INDIRECT, Outcome.NEEDS_RESET,
                queue -> indirect(queue, Hostile.TABLE, 16, INDIRECT)),
            chain("readable buffer across the hole", queue -> {
                queue.rawDescriptor(0, Hostile.LOW_END - 8, 16, 0, 0);
                queue.publish(0);
            }),
            attack("buffers of no bytes", FEATURES, Outcome.ANY, queue -> {
                queue.rawDescriptor(0, Hostile.BUFFER, 0, NEXT, 1);
                queue.rawDescriptor(1, Hostile.BUFFER, 0, WRITE, 0);
                queue.publish(0);
            }),
            attack("the queue itself as a buffer", FEATURES, Outcome.ANY, queue -> {
                queue.rawDescriptor(0, Hostile.BUFFER, 16, NEXT, 1);
                queue.rawDescriptor(1, Hostile.QUEUE, SplitDriverQueue.length(Hostile.SIZE), WRITE, 0);
                queue.publish(0);
            }),
            attack("the same chain twice", FEATURES, Outcome.ANY, queue -> {
                queue.rawDescriptor(0, Hostile.BUFFER, 16, NEXT, 1);
                queue.rawDescriptor(1, Hostile.BUFFER + 16, 1, WRITE, 0);
                queue.publish(0);
                queue.publish(0);
            }));
    }

    private static Attack buffer(String name, long gpa, long length) {
        return chain(name, queue -> {
            queue.rawDescriptor(0, Hostile.BUFFER, 16, NEXT, 1);
            queue.rawDescriptor(1, gpa, length, WRITE, 0);
            queue.publish(0);
        });
    }

    private static void indirect(SplitDriverQueue queue, long table, long length, int flags) {
        queue.rawDescriptor(0, table, length, flags, 0);
        queue.publish(0);
    }

    private static Attack chain(String name, Consumer<SplitDriverQueue> deed) {
        return attack(name, FEATURES, Outcome.NEEDS_RESET, deed);
    }

    private static Attack attack(String name, long features, Outcome outcome, Consumer<SplitDriverQueue> deed) {
        return new Attack("split: " + name, outcome, rig -> {
            SplitDriverQueue queue = DriverQueue.split(rig.memory(), Hostile.QUEUE, Hostile.SIZE, features);
            rig.start(features, queue.addresses());
            deed.accept(queue);
            rig.kick();
        });
    }
}
