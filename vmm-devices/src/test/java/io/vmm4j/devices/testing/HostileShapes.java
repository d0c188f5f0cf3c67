package io.vmm4j.devices.testing;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.Hostile.Attack;
import io.vmm4j.devices.testing.Hostile.Outcome;
import io.vmm4j.devices.testing.Hostile.Rig;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Chains that no rule of the ring forbids and hardly a device expects: too short, of one kind only, in many pieces, empty; and
 * queues that are as large or as small as can be. A device may refuse them; it does not throw, and gives each back once.
 */
final class HostileShapes {

    private static final long FEATURES = 1L << 32;
    private static final int LARGE = 256;
    private static final int ROUNDS = 3;

    private HostileShapes() {
    }

    static List<Attack> attacks() {
        return List.of(
            shape("one readable byte", readable(1)),
            shape("one writable byte", writable(1)),
            shape("a readable byte and a writable one", readable(1), writable(1)),
            shape("readable bytes only", readable(64)),
            shape("writable bytes only", writable(64)),
            shape("one empty readable buffer", readable(0)),
            shape("one empty writable buffer", writable(0)),
            shape("readable bytes in pieces of one", readable(1), readable(1), readable(1), readable(1), writable(1), writable(1)),
            shape("empty buffers among others", readable(0), readable(8), readable(0), writable(0), writable(8), writable(0)),
            shape("a page and a page", readable(4096), writable(4096)),
            shape("more than a page of each", readable(4097), writable(4097)),
            new Attack("shape: the smallest queue", Outcome.ANY, rig -> fill(rig, Math.min(2, rig.largestSize(2)))),
            new Attack("shape: the largest queue, filled", Outcome.ANY, rig -> fill(rig, rig.largestSize(LARGE))));
    }

    private static Buffer readable(long length) {
        return Buffer.readable(Hostile.BUFFER, length);
    }

    private static Buffer writable(long length) {
        return Buffer.writable(Hostile.BUFFER + 0x8000, length);
    }

    private static Attack shape(String name, Buffer... buffers) {
        return new Attack("shape: " + name, Outcome.ANY, rig -> {
            int size = rig.largestSize(Hostile.SIZE);
            SplitDriverQueue queue = DriverQueue.split(rig.memory(), Hostile.QUEUE, size, FEATURES);
            rig.start(FEATURES, queue.addresses());
            if (buffers.length <= size) {
                Set<Integer> open = new HashSet<>(List.of(queue.add(buffers)));
                rig.kick();
                take(queue, open);
            }
        });
    }

    private static void fill(Rig rig, int size) {
        SplitDriverQueue queue = DriverQueue.split(rig.memory(), Hostile.QUEUE, size, FEATURES);
        rig.start(FEATURES, queue.addresses());
        Set<Integer> open = new HashSet<>();
        for (int round = 0; round < ROUNDS; round++) {
            for (int free = size - open.size() * 2; free >= 2; free -= 2) {
                open.add(queue.add(readable(16), writable(1)));
            }
            rig.kick();
            take(queue, open);
        }
    }

    /** Takes what has come back; each of {@code open} at most once. */
    private static void take(SplitDriverQueue queue, Set<Integer> open) {
        List<Used> taken = new ArrayList<>();
        for (Used used = queue.takeUsed(); used != null; used = queue.takeUsed()) {
            taken.add(used);
            if (!open.remove(used.id())) {
                throw new AssertionError("chain " + used.id() + " comes back though the driver had not given it, or twice: " + taken);
            }
        }
    }
}
