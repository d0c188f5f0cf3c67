package io.vmm4j.core.vhostuser;

import static io.vmm4j.core.vhostuser.VhostUserRig.FEATURES;
import static io.vmm4j.core.vhostuser.VhostUserRig.awaitRequest;
import static io.vmm4j.core.vhostuser.VhostUserRig.take;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.DriverQueue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A block device with a back end on another thread, by real shared memory, sockets and eventfds. */
@Timeout(120)
class VhostUserBlockTest {

    private static final int INT_VRING = 1;
    private static final int INT_CONFIG = 2;
    private static final int NEEDS_RESET = 64;

    @TempDir
    private Path directory;
    private Path socket;
    private TestBackEnd backEnd;
    private VhostUserRig rig;

    @BeforeEach
    void listen() throws IOException {
        socket = directory.resolve("back-end");
        backEnd = new TestBackEnd(socket);
        Arrays.fill(backEnd.disk, 512, 1024, (byte) 0x5a);
    }

    @AfterEach
    void end() throws IOException {
        if (rig != null) {
            rig.close();
        }
        backEnd.close();
    }

    private void begin() throws IOException {
        backEnd.start();
        rig = VhostUserRig.block(socket);
    }

    private void beginDriven() throws Exception {
        begin();
        rig.driver.start(FEATURES, rig.queue);
        rig.settle();
    }

    private static byte[] sector(int value) {
        byte[] bytes = new byte[512];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private void requireServed() throws Exception {
        int id = rig.read(1);
        assertEquals(new DriverQueue.Used(id, 513), rig.awaitUsed());
        assertArrayEquals(sector(0x5a), rig.data());
    }

    @Test
    void requestsAreServedInTheGuestsMemory() throws Exception {
        beginDriven();
        requireServed();
        int id = rig.write(3, sector(7));
        rig.awaitCall();
        assertEquals(new DriverQueue.Used(id, 1), rig.awaitUsed());
        assertArrayEquals(sector(7), Arrays.copyOfRange(backEnd.disk, 3 * 512, 4 * 512));
    }

    @Test
    void theBackEndHearsWhatTheDriverHasAcceptedAndTheGuestIsOfferedWhatItKnows() throws Exception {
        backEnd.features |= 1L << 34 | 1L << 28 | 1L << 40 | 1 << 7; // packed rings, indirect descriptors, ring reset, a legacy feature
        begin();
        long offered = rig.driver.deviceFeatures();
        assertEquals(TestBackEnd.VERSION_1 | TestBackEnd.EVENT_IDX | 1L << 28 | TestBackEnd.BLK_FLUSH, offered, "one queue, so no MQ");
        rig.driver.start(FEATURES | TestBackEnd.BLK_FLUSH, rig.queue);
        rig.settle();
        assertEquals(FEATURES | TestBackEnd.BLK_FLUSH | TestBackEnd.PROTOCOL_FEATURES, backEnd.accepted());
    }

    @Test
    void aBackEndWithoutProtocolFeaturesBesidesItsConfigurationWillDo() throws Exception {
        backEnd.protocolFeatures = 1 << 9;
        beginDriven();
        requireServed();
        rig.driver.reset();
        assertEquals(0, rig.driver.status());
    }

    @Test
    void theConfigurationIsTheBackEndsButForTheNumberOfQueues() throws Exception {
        backEnd.config[34] = 99;
        backEnd.config[59] = 17;
        begin();
        assertEquals(backEnd.disk.length / 512, rig.driver.readConfig(0, 8));
        assertEquals(1, rig.driver.readConfig(34, 2));
        assertEquals(17, rig.driver.readConfig(59, 1));
    }

    @Test
    void interruptStatusSaysUsedBuffersWhileTheDeviceIsInUse() throws Exception {
        begin();
        assertEquals(0, rig.driver.takeInterrupts());
        rig.driver.start(FEATURES, rig.queue);
        rig.settle();
        assertEquals(INT_VRING, rig.driver.takeInterrupts());
        assertEquals(INT_VRING, rig.driver.takeInterrupts(), "an acknowledgement takes nothing from the next interrupt");
        rig.driver.reset();
        assertEquals(0, rig.driver.takeInterrupts());
    }

    @Test
    void aChangeOfTheConfigurationReachesTheGuest() throws Exception {
        beginDriven();
        long generation = rig.driver.read(0x0fc);
        backEnd.setCapacity(4096);
        backEnd.tellConfigChange();
        rig.awaitInterrupt();
        assertEquals(INT_VRING | INT_CONFIG, rig.driver.takeInterrupts());
        assertEquals(4096, rig.driver.readConfig(0, 8));
        assertTrue(rig.driver.read(0x0fc) != generation, "the generation moves");
        requireServed();
    }

    @Test
    void aRefreshAsksTheBackEndAndSaysWhenThereIsNone() throws Exception {
        beginDriven();
        backEnd.setCapacity(8192);
        onLoop(rig.device::refresh).join();
        assertEquals(8192, rig.driver.readConfig(0, 8));
        rig.driver.reset();
        backEnd.close();
        awaitLoss();
        Throwable cause = assertThrows(Exception.class, () -> onLoop(rig.device::refresh).join()).getCause();
        assertEquals(UncheckedIOException.class, cause.getClass());
        assertTrue(cause.getMessage().contains("drive data: there is no back end at " + socket), cause.getMessage());
    }

    private void awaitLoss() throws Exception {
        CompletableFuture<Void> lost = new CompletableFuture<>();
        while (!lost.isDone()) {
            onLoop(() -> {
                try {
                    rig.device.refresh();
                } catch (UncheckedIOException e) {
                    lost.complete(null);
                }
            }).get(30, TimeUnit.SECONDS);
        }
    }

    private CompletableFuture<Void> onLoop(Runnable action) {
        return CompletableFuture.runAsync(action, rig.loop);
    }

    @Test
    void theGuestsChoiceOfTheCacheReachesThisBackEndAndTheNext() throws Exception {
        backEnd.features |= TestBackEnd.WCE;
        begin();
        rig.driver.start(FEATURES | TestBackEnd.WCE, rig.queue);
        rig.driver.writeConfig(32, 1, 1);
        assertEquals("config 32=1", take(backEnd.notes));
        backEnd.config[32] = 0;
        backEnd.drop();
        assertEquals("config 32=1", take(backEnd.notes), "told once more");
        assertEquals(1, rig.driver.readConfig(32, 1));
    }

    @Test
    void theNextDriverFindsTheBackEndsCacheAndNotTheLastDrivers() throws Exception {
        backEnd.features |= TestBackEnd.WCE;
        backEnd.config[32] = 1;
        begin();
        rig.driver.start(FEATURES | TestBackEnd.WCE, rig.queue);
        rig.settle();
        rig.driver.writeConfig(32, 1, 0);
        assertEquals("config 32=0", take(backEnd.notes));
        rig.restart();
        assertEquals(1, rig.driver.readConfig(32, 1));
        assertEquals("config 32=1", take(backEnd.notes), "the back end hears of it, too");
    }

    @Test
    void aResetStopsTheRingsAndTheDeviceStartsFromTheBeginAgain() throws Exception {
        beginDriven();
        requireServed();
        requireServed();
        rig.restart();
        awaitRequest(backEnd, 11);
        awaitRequest(backEnd, 34);
        requireServed();
    }

    @Test
    void aPausedDeviceServesNothingAndGoesOnWhereItWas() throws Exception {
        beginDriven();
        requireServed();
        rig.device.pause().get(30, TimeUnit.SECONDS);
        awaitRequest(backEnd, 11);
        int id = rig.read(1);
        rig.settle();
        assertNull(rig.queue.takeUsed());
        rig.device.resume();
        assertEquals(id, rig.awaitUsed().id());
        requireServed();
    }

    @Test
    void toGoOnWithoutAPauseAsksNothingOfTheBackEnd() throws Exception {
        beginDriven();
        requireServed();
        backEnd.seen.clear();
        rig.device.resume();
        rig.settle();
        assertEquals(List.of(), List.copyOf(backEnd.seen));
        requireServed();
    }

    @Test
    void aConnectionThatIsGoneBeforeThereIsADeviceIsMadeOnceMore() throws Exception {
        backEnd.start();
        BackEndPort port = BackEndPort.open(socket, new BlockShape(1, VhostUserRig.QUEUE_SIZE, true), VhostUserRig.FAST);
        port.close();
        rig = new VhostUserRig(port);
        rig.driver.start(FEATURES, rig.queue);
        rig.settle();
        requireServed();
        assertEquals(2, backEnd.connections);
    }

    @Test
    void theLossOfABackEndHasTheGuestLookAtItsQueues() throws Exception {
        beginDriven();
        backEnd.drop();
        rig.awaitInterrupt();
        requireServed();
    }

    @Test
    void aQueueIsKickedOnceItIsEnabled() throws Exception {
        beginDriven();
        List<Integer> seen = List.copyOf(backEnd.seen);
        assertTrue(seen.indexOf(18) < seen.indexOf(12) && seen.contains(18), "SET_VRING_ENABLE, SET_VRING_KICK in " + seen);
    }

    @Test
    void aChangeThatIsToldWhileAnAnswerIsWaitedForReachesTheGuest() throws Exception {
        beginDriven();
        backEnd.manners = (self, request, payload) -> {
            if (request != 11) {
                return false;
            }
            self.setCapacity(2048);
            self.tellConfigChangeAndWait();
            return false;
        };
        rig.device.pause().get(30, TimeUnit.SECONDS);
        rig.awaitInterrupt();
        assertEquals(2048, rig.driver.readConfig(0, 8));
    }

    @Test
    void aDeviceWhoseLoopIsHeldCanBePaused() throws Exception {
        beginDriven();
        rig.loop.hold();
        assertTrue(rig.loop.awaitHeld(TimeUnit.SECONDS.toNanos(30)));
        rig.device.pause().get(30, TimeUnit.SECONDS);
        rig.loop.goOn();
        rig.device.resume();
        requireServed();
    }

    @Test
    void whatAGoneBackEndHadInWorkTheNextOneDoes() throws Exception {
        backEnd.protocolFeatures |= TestBackEnd.INFLIGHT;
        beginDriven();
        requireServed();
        assertEquals("inflight 0", take(backEnd.notes));
        assertEquals("taken", take(backEnd.notes));
        backEnd.isIdle = true;
        int id = rig.read(1);
        assertEquals("taken", take(backEnd.notes));
        backEnd.isIdle = false;
        backEnd.drop();
        assertEquals("inflight 1", take(backEnd.notes), "the memory of what is in work outlives its maker");
        assertEquals(id, rig.awaitUsed().id());
        requireServed();
        assertEquals(2, backEnd.connections);
        assertEquals(0, rig.driver.status() & NEEDS_RESET);
    }

    @Test
    void theNextBackEndHasOtherEventfdsThanTheLast() throws Exception {
        beginDriven();
        requireServed();
        backEnd.close();
        awaitLoss();
        assertFalse(rig.wiring.hasCall(), "what has gone interrupts no more");
        backEnd = new TestBackEnd(socket).start();
        Arrays.fill(backEnd.disk, 512, 1024, (byte) 0x5a);
        requireServedSoon();
    }

    private void requireServedSoon() throws Exception {
        int id = rig.read(1);
        assertEquals(id, rig.awaitUsed().id());
    }

    @Test
    void aNextBackEndThatOffersLessIsNotTaken() throws Exception {
        beginDriven();
        long features = backEnd.features;
        backEnd.features = features & ~TestBackEnd.BLK_FLUSH;
        backEnd.drop();
        awaitRequest(backEnd, 15);
        awaitRequest(backEnd, 15);
        assertEquals(List.of(), List.copyOf(rig.faults));
        backEnd.features = features;
        requireServedSoon();
    }

    @Test
    void aQueueThatIsTakenBackStopsAlone() throws Exception {
        beginDriven();
        rig.driver.write(0x030, 0);
        rig.driver.write(0x044, 0);
        assertEquals(0, rig.driver.read(0x044));
        awaitRequest(backEnd, 11);
        backEnd.drop();
        awaitRequest(backEnd, 3);
        rig.settle();
        backEnd.seen.clear();
        rig.driver.reset();
        assertEquals(0, rig.driver.status());
        assertFalse(backEnd.seen.contains(11), "it was not given to the next back end");
    }
}
