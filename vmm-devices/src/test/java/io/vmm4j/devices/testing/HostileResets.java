package io.vmm4j.devices.testing;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.Hostile.Attack;
import io.vmm4j.devices.testing.Hostile.Outcome;
import io.vmm4j.devices.testing.Hostile.Rig;
import java.time.Duration;
import java.util.List;

/** Resets (virtio 1.2, section 2.4) at the worst of times: what a device began for the guest is to end there. */
final class HostileResets {

    private static final long FEATURES = 1L << 32;
    private static final int LARGE = 256;
    private static final int FEW = 3;
    private static final int MANY = 30;

    private HostileResets() {
    }

    static List<Attack> attacks() {
        return List.of(
            new Attack("reset: between two turns of a full queue", Outcome.CARRIES_ON, rig -> {
                fill(rig);
                rig.driver().notifyQueue(rig.queue());
                if (!rig.watch().execute(rig.driver()::reset)) {
                    rig.driver().reset();
                }
                rig.settle().run();
                rig.expectQuietReset();
            }),
            new Attack("reset: of a full queue that waits for its device", Outcome.CARRIES_ON, rig -> {
                fill(rig);
                rig.kick();
                rig.expectQuietReset();
            }),
            new Attack("reset: while time goes by", Outcome.CARRIES_ON, rig -> {
                fill(rig);
                rig.kick();
                rig.watch().passTime(Duration.ofMillis(1));
                rig.expectQuietReset();
            }),
            new Attack("reset: what the device is to let go of", Outcome.CARRIES_ON, rig -> {
                fill(rig);
                rig.kick();
                rig.expectQuietReset();
                rig.watch().expectDropped();
            }),
            new Attack("reset: of a device that waits for it", Outcome.CARRIES_ON, rig -> {
                SplitDriverQueue queue = start(rig, rig.largestSize(Hostile.SIZE));
                queue.publish(0xFFFF);
                rig.kick();
                rig.expectQuietReset();
                rig.watch().expectDropped();
            }),
            new Attack("reset: of one queue, between two of its turns", Outcome.ANY, rig -> {
                fill(rig);
                rig.driver().notifyQueue(rig.queue());
                if (!rig.watch().execute(rig::takeBackQueue)) {
                    rig.takeBackQueue();
                }
                rig.settle().run();
                rig.expectQuietQueue();
            }),
            new Attack("reset: of one queue that waits for its device", Outcome.ANY, rig -> {
                fill(rig);
                rig.kick();
                rig.expectQuietQueue();
            }),
            new Attack("reset: again and again, for timers that each start makes", Outcome.CARRIES_ON, rig -> {
                cycle(rig, FEW);
                int before = rig.watch().timers();
                cycle(rig, MANY);
                int after = rig.watch().timers();
                if (after > before) {
                    throw new AssertionError("the device had " + before + " timers on its loop, and has " + after + " after " + MANY + " starts and resets");
                }
            }));
    }

    private static void cycle(Rig rig, int times) {
        for (int i = 0; i < times; i++) {
            fill(rig);
            rig.kick();
            rig.driver().reset();
            rig.settle().run();
        }
    }

    private static SplitDriverQueue start(Rig rig, int size) {
        SplitDriverQueue queue = DriverQueue.split(rig.memory(), Hostile.QUEUE, size, FEATURES);
        rig.start(FEATURES, queue.addresses());
        return queue;
    }

    /** Starts the device with as many chains as it takes, and does not tell it. */
    private static void fill(Rig rig) {
        int size = rig.largestSize(LARGE);
        SplitDriverQueue queue = start(rig, size);
        for (int free = size; free >= 2; free -= 2) {
            queue.add(Buffer.readable(Hostile.BUFFER, 16), Buffer.writable(Hostile.BUFFER + 16, 1));
        }
    }
}
