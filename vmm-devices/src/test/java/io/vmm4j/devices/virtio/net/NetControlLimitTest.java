package io.vmm4j.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.time.NanoClock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** How many commands of a driver the host carries out. */
final class NetControlLimitTest {

    private static final long FEATURES = 1L | 1L << 1 | 1L << 2 | 1L << 7 | 1L << 17; // CSUM, GUEST_CSUM, CTRL_GUEST_OFFLOADS, GUEST_TSO4, CTRL_VQ
    private static final int CONTROL = 2;
    private static final long AT = VirtioRig.DATA;

    private int changes;

    private VirtioRig<VirtioNet> start(Function<NanoClock, RateLimiter> limiter) {
        FakePort port = new FakePort(1, EnumSet.allOf(NetOffload.class)) {
            @Override
            public void setOffloads(Set<NetOffload> accepted) {
                changes++;
                super.setOffloads(accepted);
            }
        };
        VirtioRig<VirtioNet> rig = new VirtioRig<>((loop, clock) ->
                new VirtioNet(loop, NetConfig.of(MacAddress.parse("02:00:00:00:00:01")), port, RateLimiter.none(), limiter.apply(clock)));
        rig.start(FEATURES, 16, 16, 16);
        changes = 0;
        return rig;
    }

    /** Has the driver switch its offloads on or off. */
    private static void offloads(VirtioRig<VirtioNet> rig, boolean on) {
        long at = on ? AT : AT + 0x100;
        GuestRam.put(rig.memory(), at, new byte[] {5, 0, (byte) (on ? 1 << 1 : 0), 0, 0, 0, 0, 0, 0, 0});
        rig.queue(CONTROL).add(Buffer.readable(at, 10), Buffer.writable(AT + 0x200, 1));
        rig.kick(CONTROL);
    }

    /** Switches {@code times} times; returns how many commands came back. */
    private static int toggle(VirtioRig<VirtioNet> rig, int times) {
        int done = 0;
        for (int i = 0; i < times; i++) {
            offloads(rig, i % 2 == 0);
            done += rig.queue(CONTROL).takeUsed() != null ? 1 : 0;
        }
        return done;
    }

    @Test
    void commandsAboveTheBoundWaitForTheNextSecond() {
        VirtioRig<VirtioNet> rig = start(clock -> RateLimiter.none());
        assertEquals(64, toggle(rig, 64));
        assertEquals(64, changes);
        assertEquals(0, toggle(rig, 3));
        assertEquals(64, changes);
        rig.loop().advance(Duration.ofMillis(1001));
        assertNotNull(rig.queue(CONTROL).takeUsed(), "it waited, and is not lost");
        assertNotNull(rig.queue(CONTROL).takeUsed());
        assertNotNull(rig.queue(CONTROL).takeUsed());
    }

    @Test
    void aResetGivesADriverNoMoreOfThem() {
        VirtioRig<VirtioNet> rig = start(clock -> RateLimiter.none());
        assertEquals(64, toggle(rig, 64));
        rig.driver().reset();
        rig.start(FEATURES, 16, 16, 16);
        assertEquals(0, toggle(rig, 1));
        rig.loop().advance(Duration.ofMillis(1001));
        assertNotNull(rig.queue(CONTROL).takeUsed());
    }

    @Test
    void aCommandIsAnOperationOfTheInterface() {
        VirtioRig<VirtioNet> rig = start(clock -> new RateLimiter(clock, BucketConfig.UNLIMITED, new BucketConfig(2, 1000)));
        assertEquals(2, toggle(rig, 3));
        rig.loop().advance(Duration.ofMillis(500));
        assertNotNull(rig.queue(CONTROL).takeUsed());
        offloads(rig, true);
        assertNull(rig.queue(CONTROL).takeUsed());
        rig.device().updateTxLimits(Optional.empty(), Optional.of(BucketConfig.UNLIMITED));
        rig.loop().run();
        assertNotNull(rig.queue(CONTROL).takeUsed(), "the limit is lifted");
    }

    @Test
    void offloadsThatAreThereAlreadyCostTheHostNothing() {
        VirtioRig<VirtioNet> rig = start(clock -> RateLimiter.none());
        offloads(rig, true);
        offloads(rig, true);
        offloads(rig, true);
        assertEquals(1, changes);
    }
}
