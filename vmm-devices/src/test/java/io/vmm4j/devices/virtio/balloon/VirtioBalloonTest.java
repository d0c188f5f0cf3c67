package io.vmm4j.devices.virtio.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.Hostile;
import io.vmm4j.devices.testing.VirtioRig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class VirtioBalloonTest {

    private static final long STATS = 1L << 1;
    private static final long DEFLATE_ON_OOM = 1L << 2;
    private static final long HINT = 1L << 3;
    private static final long REPORTING = 1L << 5;
    private static final long DATA = VirtioRig.DATA;
    /** Where page numbers are written. */
    private static final long LIST = 0x8_0000;
    private static final int PAGE = 4096;

    /** Blanks what it is given, as the host does, and notes the lengths. */
    private static final class BlankingBackend implements BalloonBackend {
        private final List<Integer> lengths = new ArrayList<>();

        @Override
        public void discard(ByteBuffer range) {
            lengths.add(range.remaining());
            while (range.hasRemaining()) {
                range.put((byte) 0);
            }
        }
    }

    private final BlankingBackend backend = new BlankingBackend();

    private VirtioRig<VirtioBalloon> rig(BalloonConfig config) {
        VirtioRig<VirtioBalloon> rig = new VirtioRig<>(loop -> new VirtioBalloon(loop, config, backend));
        byte[] ones = new byte[VirtioRig.RAM_LENGTH - (int) DATA];
        Arrays.fill(ones, (byte) 1);
        GuestRam.put(rig.memory(), DATA, ones);
        return rig;
    }

    private static BalloonConfig all() {
        return new BalloonConfig(0, true, 5, true, true);
    }

    private static void putPfns(VirtioRig<?> rig, long... pfns) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * pfns.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long pfn : pfns) {
            bytes.putInt((int) pfn);
        }
        GuestRam.put(rig.memory(), LIST, bytes.array());
    }

    private void inflate(VirtioRig<?> rig, long... pfns) {
        putPfns(rig, pfns);
        int id = rig.queue(0).add(Buffer.readable(LIST, 4L * pfns.length));
        rig.kick(0);
        assertEquals(new Used(id, 0), rig.queue(0).takeUsed());
    }

    private static boolean isBlank(VirtioRig<?> rig, long pfn) {
        for (byte octet : GuestRam.get(rig.memory(), pfn * PAGE, PAGE)) {
            if (octet != 0) {
                return false;
            }
        }
        return true;
    }

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
    void hintingIsRefusedWithoutADriverOrWithoutTheOption() {
        assertFalse(rig(all()).device().startHinting(true));
        VirtioRig<VirtioBalloon> without = rig(new BalloonConfig(0, false, 0, false, false));
        assertThrows(IllegalStateException.class, () -> without.device().startHinting(true));
        assertThrows(IllegalStateException.class, () -> without.device().hintingStatus());
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

    static List<Hostile.Attack> attacks() {
        return Hostile.all(VirtioRig.seed("VirtioBalloonTest attacks"));
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void survivesHostileDrivers(Hostile.Attack attack) {
        for (int queue = 0; queue < 2; queue++) {
            VirtioRig.survive(attack, queue, loop -> new VirtioBalloon(loop, all(), backend), device -> { });
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
