package io.vmm4j.devices.virtio.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Configuration, inflation, deflation and resets of the balloon. */
final class VirtioBalloonTest extends BalloonFixture {

    @Test
    void offersWhatItWasMadeWith() {
        assertEquals(5, rig(all()).driver().read(0x008));
        assertEquals(STATS | DEFLATE_ON_OOM | HINT | REPORTING,
            rig(all()).deviceFeatures());
        assertEquals(0, rig(new BalloonConfig(0, false, 0, false, false)).deviceFeatures());
        assertEquals(DEFLATE_ON_OOM,
            rig(new BalloonConfig(0, true, 0, false, false)).deviceFeatures());
    }

    @Test
    void hasTwoQueuesOf256AndThreeMoreForTheOptions() {
        VirtioRig<VirtioBalloon> plain = rig(new BalloonConfig(0, true, 0, false, false));
        VirtioRig<VirtioBalloon> full = rig(all());
        for (int i = 0; i < 6; i++) {
            plain.driver().write(0x030, i);
            full.driver().write(0x030, i);
            assertEquals(i < 2 ? 256 : 0, plain.driver().read(0x034), "queue " + i);
            assertEquals(i < 5 ? 256 : 0, full.driver().read(0x034), "queue " + i);
        }
    }

    @Test
    void theConfigurationIsLaidOutAsSpecified() {
        VirtioRig<VirtioBalloon> rig = rig(new BalloonConfig(0x11223344, true, 1, true, true)).start(0, 8, 8);
        assertEquals(0x11223344, rig.driver().readConfig(0, 4), "num_pages");
        assertEquals(0, rig.driver().readConfig(4, 4), "actual");
        assertEquals(0, rig.driver().readConfig(8, 4), "free_page_hint_cmd_id");
        assertEquals(0, rig.driver().readConfig(12, 4), "poison_val");
        for (int offset = 0; offset < 20; offset += 4) {
            rig.driver().writeConfig(offset, 4, 0xAABBCCDDL);
        }
        assertEquals(0x11223344, rig.driver().readConfig(0, 4), "num_pages is the device's");
        assertEquals(0xAABBCCDDL, rig.driver().readConfig(4, 4), "actual is the driver's");
        assertEquals(0xAABBCCDDL, rig.device().actualPages());
        assertEquals(0, rig.driver().readConfig(8, 4));
        assertEquals(0, rig.driver().readConfig(12, 4));
    }

    @Test
    void aNewTargetChangesTheConfigurationAndInterruptsOnce() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(0, 8, 8);
        long generation = rig.driver().read(0x0fc);
        rig.device().setTargetPages(0xFFFF_FFFFL);
        assertEquals(2, rig.driver().takeInterrupts());
        assertEquals(0xFFFF_FFFFL, rig.driver().readConfig(0, 4));
        assertTrue(rig.driver().read(0x0fc) != generation, "the generation moves on");
        rig.device().setTargetPages(0xFFFF_FFFFL);
        assertEquals(0, rig.driver().takeInterrupts(), "nothing changed");
        assertEquals(0xFFFF_FFFFL, rig.device().targetPages());
        assertThrows(IllegalArgumentException.class, () -> rig.device().setTargetPages(1L << 32));
        assertThrows(IllegalArgumentException.class, () -> rig.device().setTargetPages(-1));
    }

    @Test
    void aTargetSetBeforeTheDriverIsThereIsFoundByIt() {
        VirtioRig<VirtioBalloon> rig = rig(all());
        rig.device().setTargetPages(77);
        rig.start(0, 8, 8);
        assertEquals(77, rig.driver().readConfig(0, 4));
        assertEquals(0, rig.line().edges());
    }

    @Test
    void inflationGivesExactlyTheNamedPagesBack() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(0, 8, 8);
        inflate(rig, 0x101, 0x103);
        assertFalse(isBlank(rig, 0x100));
        assertTrue(isBlank(rig, 0x101));
        assertFalse(isBlank(rig, 0x102));
        assertTrue(isBlank(rig, 0x103));
        assertFalse(isBlank(rig, 0x104));
        assertEquals(2 * PAGE, rig.device().discardedBytes());
    }

    @Test
    void pagesInAnyOrderAndTwiceBecomeOneRangeEach() throws GuestMemoryException {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(0, 8, 8);
        putPfns(rig, 0x105, 0x103, 0x104, 0x103, 0x200);
        int length = 20;
        PfnRanges ranges = new PfnRanges();
        FakeChain chain = new FakeChain(GuestRam.get(rig.memory(), LIST, length));
        assertEquals(0, ranges.load(chain, rig.memory()));
        assertEquals(2, ranges.count());
        assertEquals(0x103000, ranges.gpa(0));
        assertEquals(3 * PAGE, ranges.length(0));
        assertEquals(0x200000, ranges.gpa(1));
        assertEquals(PAGE, ranges.length(1));
    }

    @Test
    void pagesThatAreNoRamAreLeftOutAndTheRestIsTaken() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(0, 8, 8);
        inflate(rig, 0xFFFF_FFFFL, 0x101, 0x400, 0x8000_0000L, 0x3ff);
        assertEquals(List.of(PAGE, PAGE), backend.lengths, "pages 0x101 and 0x3ff");
        assertTrue(isBlank(rig, 0x3ff));
        assertFalse(rig.needsReset());
    }

    @Test
    void aRequestThatEndsWithinAPageNumberCountsTheWholeOnes() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(0, 8, 8);
        putPfns(rig, 0x101, 0x102);
        rig.queue(0).add(Buffer.readable(LIST, 7));
        rig.kick(0);
        assertEquals(List.of(PAGE), backend.lengths);
    }

    @Test
    void anEndlessListOfPagesCostsABoundedRequest() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(0, 8, 8);
        putPfns(rig, 0x101);
        Buffer[] most = {Buffer.readable(LIST, 4), Buffer.readable(DATA + 0x10000, 0x100000), Buffer.readable(DATA, 0x100000)};
        int id = rig.queue(0).add(most);
        rig.kick(0);
        assertEquals(new Used(id, 0), rig.queue(0).takeUsed());
        assertEquals(List.of(PAGE), backend.lengths, "0x01010101 is no RAM, and 4096 numbers are looked at");
    }

    @Test
    void deflationIsAcknowledged() {
        VirtioRig<VirtioBalloon> rig = rig(all()).start(0, 8, 8);
        putPfns(rig, 0x101);
        int id = rig.queue(1).add(Buffer.readable(LIST, 4));
        rig.kick(1);
        assertEquals(new Used(id, 0), rig.queue(1).takeUsed());
        assertFalse(isBlank(rig, 0x101));
        assertEquals(1, rig.line().edges());
    }

    @Test
    void aHostThatRefusesMemoryIsSurvived() {
        VirtioRig<VirtioBalloon> rig = new VirtioRig<>(loop -> new VirtioBalloon(loop, all(), range -> {
            throw new IOException("EINVAL");
        })).start(0, 8, 8);
        inflate(rig, 0x101);
        assertFalse(rig.needsReset());
        assertEquals(0, rig.device().discardedBytes());
    }

    @Test
    void aResetEmptiesTheBalloonAndStopsTheClock() {
        VirtioRig<VirtioBalloon> rig = rig(new BalloonConfig(9, true, 5, true, true)).start(STATS | HINT, 8, 8, 8, 8);
        rig.driver().writeConfig(4, 4, 123);
        rig.queue(2).add(Buffer.readable(LIST, 10));
        rig.kick(2);
        rig.device().startHinting(true);
        assertTrue(rig.device().isActive());
        rig.driver().reset();
        assertFalse(rig.device().isActive());
        assertEquals(0, rig.loop().armedTimers());
        assertEquals(0, rig.device().actualPages());
        assertEquals(9, rig.device().targetPages());
        assertEquals(new HintingStatus(0, OptionalLong.empty()), rig.device().hintingStatus());
        rig.start(STATS | HINT, 8, 8, 8, 8);
        inflate(rig, 0x101);
        assertTrue(isBlank(rig, 0x101));
        rig.queue(2).add(Buffer.readable(LIST, 10));
        rig.kick(2);
        assertFalse(rig.needsReset(), "the buffer kept before the reset is forgotten");
    }

    @Test
    void badConfigurationsAreRefusedByName() {
        String message = assertThrows(IllegalArgumentException.class, () -> new BalloonConfig(1L << 32, true, 0, true, true)).getMessage();
        assertTrue(message.contains("4294967296"), message);
        assertThrows(IllegalArgumentException.class, () -> new BalloonConfig(0, true, 65536, true, true));
    }

    @Test
    void randomChainsNeitherEscapeNorTouchOtherMemory() {
        Random random = new Random(VirtioRig.seed("VirtioBalloonTest"));
        VirtioRig<VirtioBalloon> rig = rig(all());
        for (int round = 0; round < 300; round++) {
            rig.start(STATS | HINT | REPORTING, 8, 8, 8, 8, 8);
            rig.device().startHinting(random.nextBoolean());
            for (int step = 0; step < 20 && !rig.needsReset(); step++) {
                int queue = random.nextInt(5);
                Buffer first = new Buffer(randomAddress(random), randomLength(random), random.nextInt(3) == 0);
                Buffer second = new Buffer(randomAddress(random), randomLength(random), random.nextBoolean());
                rig.queue(queue).addIndirect(0xE_0000 + 0x20L * (step + 100 * queue), first, second);
                rig.kick(queue);
                while (rig.queue(queue).takeUsed() != null) {
                    rig.loop().advance(Duration.ofMillis(random.nextInt(3000)));
                }
            }
        }
    }

    private static long randomAddress(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextLong();
            case 1 -> VirtioRig.RAM_LENGTH - random.nextInt(8192);
            default -> DATA + random.nextInt(0x20_0000);
        };
    }

    private static long randomLength(Random random) {
        return random.nextInt(10) == 0 ? random.nextInt() & 0xFFFF_FFFFL : random.nextInt(10_000);
    }
}
