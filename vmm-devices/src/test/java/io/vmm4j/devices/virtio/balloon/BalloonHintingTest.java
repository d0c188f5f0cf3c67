package io.vmm4j.devices.virtio.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.VirtioRig;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Free page reporting and hinting, virtio 1.2 sections 5.5.6.5 and 5.5.6.7. */
final class BalloonHintingTest extends BalloonFixture {

    @Test
    void reportedPagesGoBackAndTheReportIsAcknowledged() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(REPORTING | STATS | HINT, 8, 8, 8, 8, 8);
        int id = rig.queue(4).add(Buffer.writable(0x101 * PAGE, 2 * PAGE), Buffer.writable(0x110 * PAGE, PAGE));
        rig.kick(4);
        assertEquals(new Used(id, 0), rig.queue(4).takeUsed());
        assertTrue(isBlank(rig, 0x101) && isBlank(rig, 0x102) && isBlank(rig, 0x110));
        assertFalse(isBlank(rig, 0x103));
    }

    @Test
    void queuesAreFoundWhereLinuxPutsThem() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(REPORTING, 8, 8, 8);
        rig.queue(2).add(Buffer.writable(0x101 * PAGE, PAGE));
        rig.kick(2);
        assertTrue(isBlank(rig, 0x101), "reporting_vq is the third queue when it is the only optional one");
    }

    @Test
    void queuesAreFoundWhereTheSpecificationPutsThem() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(REPORTING, 8, 8, 0, 0, 8);
        rig.queue(4).add(Buffer.writable(0x101 * PAGE, PAGE));
        rig.kick(4);
        assertTrue(isBlank(rig, 0x101));
    }

    private static void command(VirtioRig<?> rig, int queue, long id) {
        putPfns(rig, id);
        rig.queue(queue).add(Buffer.readable(LIST, 4));
        rig.kick(queue);
        assertNotNull(rig.queue(queue).takeUsed());
    }

    private static void hint(VirtioRig<?> rig, int queue, long pfn) {
        rig.queue(queue).add(Buffer.writable(pfn * PAGE, PAGE));
        rig.kick(queue);
        assertNotNull(rig.queue(queue).takeUsed());
    }

    @Test
    void hintsCountOnlyUnderTheCommandInForce() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(HINT, 8, 8, 8);
        assertEquals(new HintingStatus(0, OptionalLong.empty()), rig.device().hintingStatus());
        hint(rig, 2, 0x100);
        assertFalse(isBlank(rig, 0x100), "no command yet");
        assertTrue(rig.device().startHinting(true));
        assertEquals(2, rig.driver().readConfig(8, 4));
        assertEquals(2, rig.driver().takeInterrupts() & 2);
        command(rig, 2, 9);
        hint(rig, 2, 0x101);
        assertFalse(isBlank(rig, 0x101), "another command");
        command(rig, 2, 2);
        hint(rig, 2, 0x102);
        assertTrue(isBlank(rig, 0x102));
        assertEquals(new HintingStatus(2, OptionalLong.of(2)), rig.device().hintingStatus());
        command(rig, 2, 0);
        assertEquals(1, rig.driver().readConfig(8, 4), "done, as the guest has named all");
        hint(rig, 2, 0x103);
        assertFalse(isBlank(rig, 0x103));
    }

    @Test
    void hintingWithoutAcknowledgementEndsWhenTheHostSaysSo() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(HINT, 8, 8, 8);
        rig.device().startHinting(false);
        command(rig, 2, 2);
        command(rig, 2, 0);
        assertEquals(2, rig.driver().readConfig(8, 4));
        rig.device().stopHinting();
        assertEquals(1, rig.driver().readConfig(8, 4));
        rig.device().startHinting(false);
        assertEquals(3, rig.driver().readConfig(8, 4), "a command id is not used again");
    }

    @Test
    void theEndOfAnEarlierRoundDoesNotEndTheOneInForce() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(HINT, 8, 8, 8);
        rig.device().startHinting(true);
        command(rig, 2, 2);
        rig.device().startHinting(true);
        assertEquals(new HintingStatus(3, OptionalLong.empty()), rig.device().hintingStatus(), "nothing was said to this command yet");
        command(rig, 2, 0);
        assertEquals(new HintingStatus(3, OptionalLong.empty()), rig.device().hintingStatus());
        command(rig, 2, 3);
        hint(rig, 2, 0x102);
        assertTrue(isBlank(rig, 0x102));
        command(rig, 2, 0);
        assertEquals(new HintingStatus(1, OptionalLong.of(0)), rig.device().hintingStatus());
    }

    @Test
    void whoEndsARoundThatItHasNotBegunOrBeginsOneThatIsNotAskedForIsNotHeard() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(HINT, 8, 8, 8);
        command(rig, 2, 0);
        assertEquals(0, rig.driver().readConfig(8, 4));
        command(rig, 2, 2);
        rig.device().startHinting(true);
        hint(rig, 2, 0x102);
        assertFalse(isBlank(rig, 0x102), "it was begun before it was asked for");
        command(rig, 2, 0);
        assertEquals(2, rig.driver().readConfig(8, 4));
        command(rig, 2, 7);
        command(rig, 2, 0);
        assertEquals(new HintingStatus(2, OptionalLong.empty()), rig.device().hintingStatus());
    }

    @Test
    void theEndOfARoundThatTheHostHasEndedIsHeard() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(HINT, 8, 8, 8);
        rig.device().startHinting(true);
        command(rig, 2, 2);
        rig.device().stopHinting();
        command(rig, 2, 0);
        assertEquals(new HintingStatus(1, OptionalLong.of(0)), rig.device().hintingStatus());
    }

    @Test
    void hintingIsRefusedWithoutADriverOrWithoutTheOption() {
        assertFalse(rig(all()).device().startHinting(true));
        VirtioRig<VirtioBalloon> without = rig(new BalloonConfig(0, false, 0, false, false));
        assertThrows(IllegalStateException.class, () -> without.device().startHinting(true));
        assertThrows(IllegalStateException.class, () -> without.device().hintingStatus());
    }

    /** A chain of 80 MiB: the same 2 MiB again and again. */
    private static Buffer[] large() {
        Buffer[] buffers = new Buffer[40];
        Arrays.fill(buffers, Buffer.writable(0x100 * PAGE, 2 << 20));
        return buffers;
    }

    private long returned() {
        return backend.lengths.stream().mapToLong(length -> length).sum();
    }

    @Test
    void othersHaveTheirTurnAmidALargeReport() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(REPORTING, 8, 8, 64);
        int id = rig.queue(2).add(large());
        AtomicLong amid = new AtomicLong();
        rig.driver().notifyQueue(2);
        rig.loop().execute(() -> amid.set(returned()));
        rig.loop().run();
        assertEquals(64 << 20, amid.get());
        assertEquals(80 << 20, returned());
        assertEquals(new Used(id, 0), rig.queue(2).takeUsed());
    }

    @Test
    void aLargeHintIsGivenBackInTurnsWhileItsCommandIsInForce() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(HINT, 8, 8, 64);
        assertTrue(rig.device().startHinting(false));
        Buffer[] buffers = large();
        putPfns(rig, 2);
        buffers[0] = Buffer.readable(LIST, 4);
        rig.queue(2).add(buffers);
        AtomicLong amid = new AtomicLong();
        rig.driver().notifyQueue(2);
        rig.loop().execute(() -> {
            amid.set(returned());
            rig.device().stopHinting();
        });
        rig.loop().run();
        assertEquals(64 << 20, amid.get());
        assertEquals(64 << 20, returned(), "nothing behind the withdrawal");
        assertNotNull(rig.queue(2).takeUsed());
        assertFalse(rig.needsReset());
    }
}
