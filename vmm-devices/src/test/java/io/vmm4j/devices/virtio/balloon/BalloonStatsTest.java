package io.vmm4j.devices.virtio.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The statistics queue, virtio 1.2 section 5.5.6.3. */
final class BalloonStatsTest extends BalloonFixture {

    private static byte[] stats(Object... tagsAndValues) {
        ByteBuffer bytes = ByteBuffer.allocate(tagsAndValues.length / 2 * 10).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < tagsAndValues.length; i += 2) {
            bytes.putShort(((Integer) tagsAndValues[i]).shortValue()).putLong((Long) tagsAndValues[i + 1]);
        }
        return bytes.array();
    }

    @Test
    void statisticsComeOnceAnInterval() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(STATS, 8, 8, 8);
        assertEquals(Map.of(), rig.device().statistics());
        GuestRam.put(rig.memory(), LIST, stats(4, 1000L, 5, -1L, 0x1234, 7L, 0, 3L));
        int id = rig.queue(2).add(Buffer.readable(LIST, 40));
        rig.kick(2);
        assertNull(rig.queue(2).takeUsed(), "the buffer is kept to ask with");
        assertEquals(Map.of(BalloonStatistic.FREE_MEMORY, 1000L, BalloonStatistic.TOTAL_MEMORY, -1L, BalloonStatistic.SWAP_IN, 3L),
            rig.device().statistics(), "unknown tags are ignored");
        rig.loop().advance(Duration.ofMillis(4999));
        assertNull(rig.queue(2).takeUsed());
        rig.loop().advance(Duration.ofMillis(1));
        assertEquals(new Used(id, 0), rig.queue(2).takeUsed());
        assertEquals(1, rig.line().takeEdges());
        GuestRam.put(rig.memory(), LIST, stats(4, 999L));
        rig.queue(2).add(Buffer.readable(LIST, 10));
        rig.kick(2);
        assertEquals(Map.of(BalloonStatistic.FREE_MEMORY, 999L), rig.device().statistics());
    }

    @Test
    void theStatisticsIntervalChangesLive() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(STATS, 8, 8, 8);
        rig.queue(2).add(Buffer.readable(LIST, 10));
        rig.kick(2);
        rig.device().setStatisticsInterval(1);
        rig.loop().advance(Duration.ofSeconds(1));
        assertNotNull(rig.queue(2).takeUsed());
        assertThrows(IllegalArgumentException.class, () -> rig.device().setStatisticsInterval(0));
        VirtioRig<VirtioBalloon> without = rig(new BalloonConfig(0, false, 0, false, false));
        assertThrows(IllegalStateException.class, () -> without.device().setStatisticsInterval(1));
    }

    @Test
    void aDriverThatIsSilentIsAskedAgainOnlyOnceItHasAnswered() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(STATS, 8, 8, 8);
        rig.loop().advance(Duration.ofSeconds(60));
        assertEquals(0, rig.line().edges());
        rig.queue(2).add(Buffer.readable(LIST, 10));
        rig.kick(2);
        rig.loop().advance(Duration.ofSeconds(5));
        assertNotNull(rig.queue(2).takeUsed());
    }

    @Test
    void statisticsThatWereNotAskedForNeedAReset() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(STATS, 8, 8, 8);
        rig.queue(2).add(Buffer.readable(LIST, 10));
        rig.queue(2).add(Buffer.readable(LIST, 10));
        rig.kick(2);
        assertTrue(rig.needsReset());
        rig.loop().advance(Duration.ofSeconds(20));
        assertNull(rig.queue(2).takeUsed());
    }

    @Test
    void tooManyStatisticsAreCutOff() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(STATS, 8, 8, 8);
        rig.queue(2).add(Buffer.readable(DATA, 0x100000), Buffer.readable(DATA, 0x100000));
        rig.kick(2);
        assertEquals(Map.of(), rig.device().statistics());
        assertFalse(rig.needsReset());
    }
}
