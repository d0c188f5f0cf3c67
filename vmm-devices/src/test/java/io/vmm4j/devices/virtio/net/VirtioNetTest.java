package io.vmm4j.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import java.util.EnumSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Configuration, features, the control queue, link status and resets. */
final class VirtioNetTest {

    private static final long CSUM = 1;
    private static final long GUEST_CSUM = 1L << 1;
    private static final long CTRL_GUEST_OFFLOADS = 1L << 2;
    private static final long MTU = 1L << 3;
    private static final long MAC = 1L << 5;
    private static final long GUEST_TSO4 = 1L << 7;
    private static final long MRG_RXBUF = 1L << 15;
    private static final long STATUS = 1L << 16;
    private static final long CTRL_VQ = 1L << 17;
    private static final long CTRL_RX = 1L << 18;
    private static final long CTRL_RX_EXTRA = 1L << 20;
    private static final long GUEST_ANNOUNCE = 1L << 21;
    private static final long MQ = 1L << 22;
    private static final long CTRL_MAC_ADDR = 1L << 23;
    private static final long ALWAYS = MRG_RXBUF | STATUS | CTRL_VQ | CTRL_RX | CTRL_RX_EXTRA | GUEST_ANNOUNCE | CTRL_MAC_ADDR;
    private static final long DATA = VirtioRig.DATA;
    private static final MacAddress ADDRESS = MacAddress.parse("02:11:22:33:44:55");

    private FakePort port = new FakePort();

    private VirtioRig<VirtioNet> rig(NetConfig config) {
        return new VirtioRig<>(loop -> new VirtioNet(loop, config, port));
    }

    private VirtioRig<VirtioNet> rig() {
        return rig(NetConfig.of(ADDRESS));
    }

    private VirtioRig<VirtioNet> pairs(int pairs) {
        port = new FakePort(pairs, EnumSet.noneOf(NetOffload.class));
        return rig(new NetConfig(Optional.of(ADDRESS), OptionalInt.empty(), pairs, 64));
    }

    /** Sends a control command through queue {@code queue}; returns the ack, or -1 when none came. */
    private static int control(VirtioRig<?> rig, int queue, int... bytes) {
        byte[] command = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            command[i] = (byte) bytes[i];
        }
        GuestRam.put(rig.memory(), 0x8_0000, command);
        GuestRam.put(rig.memory(), 0x9_0000, new byte[] {(byte) 0xAA});
        int head = Math.min(2, command.length);
        if (head < command.length) {
            rig.queue(queue).add(Buffer.readable(0x8_0000, head), Buffer.readable(0x8_0000 + head, command.length - head),
                Buffer.writable(0x9_0000, 1));
        } else {
            rig.queue(queue).add(Buffer.readable(0x8_0000, head), Buffer.writable(0x9_0000, 1));
        }
        rig.kick(queue);
        Used used = rig.queue(queue).takeUsed();
        return used == null || used.length() != 1 ? -1 : GuestRam.get(rig.memory(), 0x9_0000, 1)[0] & 0xFF;
    }

    @Test
    void theConfigurationIsLaidOutAsSpecified() {
        port = new FakePort(4, Set.of());
        VirtioRig<VirtioNet> rig = rig(new NetConfig(Optional.of(ADDRESS), OptionalInt.of(9000), 4, 256));
        assertEquals(1, rig.driver().read(0x008), "device type");
        int[] mac = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
        for (int i = 0; i < 6; i++) {
            assertEquals(mac[i], rig.driver().readConfig(i, 1), "mac[" + i + "]");
        }
        assertEquals(1, rig.driver().readConfig(6, 2), "status: link up");
        assertEquals(4, rig.driver().readConfig(8, 2), "max_virtqueue_pairs");
        assertEquals(9000, rig.driver().readConfig(10, 2), "mtu");
        for (int offset = 0; offset < 16; offset++) {
            long before = rig.driver().readConfig(offset, 1);
            rig.driver().writeConfig(offset, 1, ~before & 0xFF);
            assertEquals(before, rig.driver().readConfig(offset, 1), "all fields are read-only");
        }
    }

    @Test
    void offersWhatTheBackendCanDo() {
        assertEquals(ALWAYS | MAC | CTRL_GUEST_OFFLOADS | CSUM | GUEST_CSUM
            | 1L << 7 | 1L << 8 | 1L << 9 | 1L << 10 | 1L << 11 | 1L << 12 | 1L << 13 | 1L << 14
            | 1L << 54 | 1L << 55 | 1L << 56, rig().deviceFeatures());
        port = new FakePort(1, EnumSet.of(NetOffload.CSUM, NetOffload.TSO4, NetOffload.USO4));
        assertEquals(ALWAYS | MAC | CTRL_GUEST_OFFLOADS | CSUM | GUEST_CSUM | 1L << 7 | 1L << 11 | 1L << 54, rig().deviceFeatures(),
            "HOST_USO stands for both IP versions");
        port = new FakePort(1, EnumSet.of(NetOffload.TSO4));
        assertEquals(ALWAYS | MAC, rig().deviceFeatures(), "segmentation needs checksums");
        port = new FakePort(1, EnumSet.of(NetOffload.CSUM, NetOffload.ECN));
        assertEquals(ALWAYS | MAC | CTRL_GUEST_OFFLOADS | CSUM | GUEST_CSUM, rig().deviceFeatures(), "ECN needs TSO");
    }

    @Test
    void offersWhatTheConfigurationSays() {
        port = new FakePort(2, Set.of());
        assertEquals(ALWAYS, rig(new NetConfig(Optional.empty(), OptionalInt.empty(), 1, 256)).deviceFeatures());
        assertEquals(ALWAYS | MAC | MTU | MQ,
            rig(new NetConfig(Optional.of(ADDRESS), OptionalInt.of(1500), 2, 256)).deviceFeatures());
    }

    @Test
    void hasAPairOfQueuesForEachPairAndAControlQueue() {
        VirtioRig<VirtioNet> rig = pairs(2);
        long[] sizes = {64, 64, 64, 64, 64, 0};
        for (int i = 0; i < sizes.length; i++) {
            rig.driver().write(0x030, i);
            assertEquals(sizes[i], rig.driver().read(0x034), "queue " + i);
        }
    }

    @Test
    void tellsTheBackendWhatTheDriverAccepted() {
        rig().start(GUEST_CSUM | GUEST_TSO4 | 1L << 54, 16, 16);
        assertTrue(port.isStarted());
        assertEquals(EnumSet.of(NetOffload.CSUM, NetOffload.TSO4, NetOffload.USO4), port.accepted());
        assertEquals(1, port.activePairs());
        rig().start(0, 16, 16);
        assertEquals(Set.of(), port.accepted());
    }

    @Test
    void segmentationWithoutChecksumsIsNotTakenForAccepted() {
        rig().start(GUEST_TSO4, 16, 16);
        assertEquals(Set.of(), port.accepted());
    }

    @Test
    void receiveModesAndAddressTablesAreAccepted() {
        VirtioRig<VirtioNet> rig = rig().start(CTRL_VQ | CTRL_RX | CTRL_RX_EXTRA, 16, 16, 16);
        for (int command = 0; command <= 5; command++) {
            assertEquals(0, control(rig, 2, 0, command, 1), "receive mode " + command);
        }
        assertEquals(1, control(rig, 2, 0, 6, 1));
        assertEquals(0, control(rig, 2, 1, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 0, 0, 0, 0), "address table");
        assertEquals(1, control(rig, 2, 1, 0, 0, 0, 0, 0), "half a table");
        assertEquals(0, control(rig, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0), "no addresses");
        assertEquals(0, control(rig, 2, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5), "an address of the second kind");
        assertEquals(1, control(rig, 2, 1, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 0, 0, 0, 0), "the first count is beyond the data");
        assertEquals(1, control(rig, 2, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4), "the second is");
        assertEquals(1, control(rig, 2, 1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0), "more than there can be");
        assertEquals(1, control(rig, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), "there is more behind the tables");
        assertEquals(1, control(rig, 2, 1, 0), "no table");
        assertEquals(1, control(rig, 2, 0, 0, 2), "neither on nor off");
        assertEquals(1, control(rig, 2, 0, 0, 1, 1), "two modes");
        assertEquals(1, control(rig, 2, 0, 0), "no mode");
        assertEquals(1, control(rig, 2, 9, 0, 0), "unknown class");
        assertEquals(1, control(rig, 2, 0), "no command");
        assertFalse(rig.needsReset());
    }

    @Test
    void whatWasNotNegotiatedIsRefused() {
        VirtioRig<VirtioNet> rig = rig().start(CTRL_VQ, 16, 16, 16);
        assertEquals(1, control(rig, 2, 0, 0, 1));
        assertEquals(1, control(rig, 2, 0, 2, 1));
        assertEquals(1, control(rig, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        assertEquals(1, control(rig, 2, 1, 1, 2, 0, 0, 0, 0, 1));
        assertEquals(1, control(rig, 2, 3, 0));
        assertEquals(1, control(rig, 2, 4, 0, 1, 0));
        assertEquals(1, control(rig, 2, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0));
        assertEquals(ADDRESS, rig.device().mac());
    }

    @Test
    void aControlCommandWithoutRoomForItsAckNeedsAReset() {
        VirtioRig<VirtioNet> rig = rig().start(CTRL_VQ, 16, 16, 16);
        rig.queue(2).add(Buffer.readable(DATA, 4));
        rig.kick(2);
        assertTrue(rig.needsReset());
    }

    @Test
    void theDriverSetsItsAddressAndAResetPutsTheFirstBack() {
        VirtioRig<VirtioNet> rig = rig().start(CTRL_VQ | CTRL_MAC_ADDR | MAC, 16, 16, 16);
        assertEquals(0, control(rig, 2, 1, 1, 0x02, 0xFE, 0xDC, 0xBA, 0x98, 0xF7));
        assertEquals("02:fe:dc:ba:98:f7", rig.device().mac().toString());
        assertEquals(0xF798BADCFE02L, rig.driver().readConfig(0, 8) & 0xFFFFFFFFFFFFL);
        assertEquals(1, control(rig, 2, 1, 1, 2, 0, 0, 0, 0), "five bytes are no address");
        rig.driver().reset();
        assertEquals(ADDRESS, rig.device().mac());
    }

    @Test
    void queuePairsAreOneUntilTheDriverAsksForMore() {
        VirtioRig<VirtioNet> rig = pairs(3).start(CTRL_VQ | MQ, 16, 16, 16, 16, 16, 16, 16);
        assertEquals(1, port.activePairs());
        assertEquals(0, control(rig, 6, 4, 0, 3, 0));
        assertEquals(3, port.activePairs());
        assertEquals(1, control(rig, 6, 4, 0, 4, 0), "more than there are");
        assertEquals(1, control(rig, 6, 4, 0, 0, 0), "none");
        assertEquals(1, control(rig, 6, 4, 0, 2), "half a number");
        assertEquals(3, port.activePairs());
        assertEquals(0, control(rig, 6, 4, 0, 1, 0));
        assertEquals(1, port.activePairs());
    }

    @Test
    void pairsWhoseQueuesAreNotSetUpAreRefused() {
        for (int missing = 2; missing <= 3; missing++) {
            int[] sizes = {16, 16, 16, 16, 16};
            sizes[missing] = 0;
            VirtioRig<VirtioNet> rig = pairs(2).start(CTRL_VQ | MQ, sizes);
            assertEquals(1, control(rig, 4, 4, 0, 2, 0), "queue " + missing);
            assertEquals(1, port.activePairs());
        }
    }

    @Test
    void theControlQueueIsTheThirdWhenTheDriverTakesOnePairOfSeveral() {
        VirtioRig<VirtioNet> rig = pairs(2).start(CTRL_VQ | CTRL_RX, 16, 16, 16);
        assertEquals(0, control(rig, 2, 0, 0, 1));
    }

    @Test
    void offloadsChangeWhileTheDeviceRuns() {
        VirtioRig<VirtioNet> rig = rig().start(CTRL_VQ | CTRL_GUEST_OFFLOADS | GUEST_CSUM | GUEST_TSO4, 16, 16, 16);
        assertEquals(0, control(rig, 2, 5, 0, 0x02, 0, 0, 0, 0, 0, 0, 0));
        assertEquals(EnumSet.of(NetOffload.CSUM), port.accepted());
        assertEquals(0, control(rig, 2, 5, 0, 0x82, 0, 0, 0, 0, 0, 0, 0));
        assertEquals(EnumSet.of(NetOffload.CSUM, NetOffload.TSO4), port.accepted());
        assertEquals(1, control(rig, 2, 5, 0, 0x82, 1, 0, 0, 0, 0, 0, 0), "TSO6 was not negotiated");
        assertEquals(1, control(rig, 2, 5, 0, 0x01, 0, 0, 0, 0, 0, 0, 0), "CSUM is no offload towards the guest");
        assertEquals(EnumSet.of(NetOffload.CSUM, NetOffload.TSO4), port.accepted());
    }

    @Test
    void aCableThatIsPulledChangesTheStatusAndInterrupts() {
        VirtioRig<VirtioNet> rig = rig().start(STATUS, 16, 16);
        long generation = rig.driver().read(0x0fc);
        rig.device().setLinkUp(false);
        assertEquals(0, rig.driver().readConfig(6, 2));
        assertEquals(2, rig.driver().takeInterrupts());
        assertTrue(rig.driver().read(0x0fc) != generation);
        rig.device().setLinkUp(false);
        assertEquals(0, rig.driver().takeInterrupts(), "nothing changed");
        rig.device().setLinkUp(true);
        assertEquals(1, rig.driver().readConfig(6, 2));
        assertEquals(2, rig.driver().takeInterrupts());
        rig.device().setLinkUp(false);
        rig.driver().reset();
        assertFalse(rig.device().isLinkUp(), "a reset does not plug it in");
        assertEquals(0, rig.driver().readConfig(6, 2));
    }

    /** The two were one flag: a restore brought a dead link up, and left a live one down. */
    @Test
    void aPortThatHasEndedIsNoCableThatIsPulled() throws Exception {
        VirtioRig<VirtioNet> rig = rig().start(STATUS, 16, 16);
        State before = rig.device().saveState();
        rig.device().portLost();
        assertEquals(0, rig.driver().readConfig(6, 2));
        assertEquals(2, rig.driver().takeInterrupts());
        rig.device().setLinkUp(true);
        assertFalse(rig.device().isLinkUp(), "nobody is at the other end");
        State lost = rig.device().saveState();
        rig.device().restoreState(before);
        rig.device().afterRestore();
        assertEquals(0, rig.driver().readConfig(6, 2), "the port does not come back with the machine's state");
        assertEquals(2, rig.driver().takeInterrupts(), "the driver of then knows another link");

        port = new FakePort();
        VirtioRig<VirtioNet> elsewhere = rig().start(STATUS, 16, 16);
        elsewhere.device().restoreState(lost);
        elsewhere.device().afterRestore();
        assertEquals(1, elsewhere.driver().readConfig(6, 2), "a machine from the state has a port of its own");
        assertEquals(2, elsewhere.driver().takeInterrupts());
        elsewhere.device().setLinkUp(false);
        elsewhere.driver().takeInterrupts();
        elsewhere.device().restoreState(elsewhere.device().saveState());
        elsewhere.device().afterRestore();
        assertEquals(0, elsewhere.driver().readConfig(6, 2), "a cable that is out stays out");
        assertEquals(0, elsewhere.driver().takeInterrupts());
    }

    @Test
    void theDriverIsAskedToAnnounceItselfUntilItHas() {
        VirtioRig<VirtioNet> rig = rig().start(STATUS | CTRL_VQ | GUEST_ANNOUNCE, 16, 16, 16);
        assertTrue(rig.device().requestAnnounce());
        assertEquals(3, rig.driver().readConfig(6, 2));
        assertEquals(2, rig.driver().takeInterrupts());
        assertEquals(1, control(rig, 2, 3, 1), "unknown command");
        assertEquals(0, control(rig, 2, 3, 0));
        assertEquals(1, rig.driver().readConfig(6, 2));
    }

    @Test
    void aDriverThatDidNotAcceptTheFeatureHearsNothingOfAnnouncements() {
        for (long features : new long[] {CTRL_VQ | STATUS, CTRL_VQ | GUEST_ANNOUNCE, 0}) {
            VirtioRig<VirtioNet> rig = rig().start(features, 16, 16);
            assertFalse(rig.device().requestAnnounce());
            assertEquals(1, rig.driver().readConfig(6, 2), "section 5.1.4: the bit is there with the feature only");
            assertEquals(0, rig.driver().takeInterrupts());
        }
    }

    @Test
    void aDriverThatDoesNotLookAtTheLinkIsNotInterruptedForIt() {
        VirtioRig<VirtioNet> rig = rig().start(0, 16, 16);
        rig.device().setLinkUp(false);
        assertEquals(0, rig.driver().takeInterrupts());
        rig.start(STATUS, 16, 16);
        assertEquals(0, rig.driver().readConfig(6, 2), "the next that does finds it");
    }

    @Test
    void aResetStopsTheBackendAndTheDeviceStartsAgain() {
        VirtioRig<VirtioNet> rig = rig().start(MRG_RXBUF, 16, 16);
        rig.queue(0).add(Buffer.writable(DATA, 1000));
        port.arrive(0, Frames.plain(60, 1));
        port.arrive(0, Frames.plain(2000, 1));
        port.tellReadable(0);
        assertEquals(72, rig.queue(0).takeUsed().length());
        rig.driver().reset();
        assertFalse(port.isStarted());
        rig.start(MRG_RXBUF, 16, 16);
        rig.queue(0).add(Buffer.writable(DATA, 1000));
        port.arrive(0, Frames.plain(61, 1));
        rig.kick(0);
        port.tellReadable(0);
        assertEquals(73, rig.queue(0).takeUsed().length(), "the frame that waited is gone with the reset");
        assertNull(rig.queue(0).takeUsed());
    }

    @Test
    void badConfigurationsAreRefusedByName() {
        assertThrows(IllegalArgumentException.class, () -> new NetConfig(Optional.empty(), OptionalInt.of(67), 1, 256));
        String message = assertThrows(IllegalArgumentException.class,
            () -> new NetConfig(Optional.empty(), OptionalInt.of(65536), 1, 256)).getMessage();
        assertTrue(message.contains("65536") && message.contains("65535"), message);
        assertThrows(IllegalArgumentException.class, () -> new NetConfig(Optional.empty(), OptionalInt.empty(), 0, 256));
        assertThrows(IllegalArgumentException.class, () -> new NetConfig(Optional.empty(), OptionalInt.empty(), 1, 100));
        assertThrows(IllegalArgumentException.class,
            () -> NetConfig.of(MacAddress.parse("43:2D:00:00:00:01")), "a multicast address");
        assertThrows(IllegalArgumentException.class, () -> MacAddress.parse("02:00:00:00:00"));
        assertThrows(IllegalArgumentException.class, () -> MacAddress.parse("02:00:00:00:00:0g"));
        assertThrows(IllegalArgumentException.class,
            () -> rig(new NetConfig(Optional.empty(), OptionalInt.empty(), 2, 256)), "the backend has one pair");
    }

    @Test
    void randomDriversNeitherEscapeNorSendFramesThatCannotBe() {
        Random random = new Random(VirtioRig.seed("VirtioNetTest"));
        for (int round = 0; round < 200; round++) {
            port = new FakePort();
            VirtioRig<VirtioNet> rig = rig();
            long features = (random.nextLong() & rig.deviceFeatures()) | CTRL_VQ;
            rig.start(features, 16, 16, 16);
            byte[] noise = new byte[4096];
            int[] outstanding = new int[3];
            for (int step = 0; step < 60 && !rig.needsReset(); step++) {
                random.nextBytes(noise);
                noise[0] &= 3;
                noise[1] %= 6;
                GuestRam.put(rig.memory(), DATA, noise);
                int queue = random.nextInt(3);
                if (outstanding[queue] == 16) {
                    continue;
                }
                outstanding[queue]++;
                rig.queue(queue).addIndirect(0xE_0000 + 0x20L * (step + 100 * queue),
                    Buffer.readable(DATA + random.nextInt(2) * random.nextInt(100), random.nextInt(3000)),
                    Buffer.writable(DATA + 0x10000, random.nextInt(3000)));
                port.arrive(0, Frames.plain(14 + random.nextInt(3000), step));
                port.setRoom(random.nextInt(3));
                rig.kickIfNeeded(queue);
                port.tellReadable(0);
                port.tellWritable(0);
                while (rig.queue(queue).takeUsed() != null) {
                    outstanding[queue]--;
                }
            }
            for (byte[] frame : port.sent()) {
                assertTrue(frame.length >= 26 && (frame[0] & ~1) == 0 && frame[10] == 0 && frame[11] == 0, "an unchecked header left");
            }
        }
    }
}
