package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.control.DeviceChangeException;
import io.vmm4j.core.host.MachineThreads;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeviceTurnsTest {

    private final SlotRig rig = new SlotRig();
    private final BlockingQueue<HotSlot> late = new LinkedBlockingQueue<>();
    private final DeviceTurns turns = new DeviceTurns(new MachineThreads(), late::add);

    @AfterEach
    void close() {
        turns.close();
    }

    @Test
    void aChangeKeepsASnapshotOutAndASnapshotKeepsAChangeOut() throws Exception {
        turns.begin();
        assertEquals("a change of the devices", turns.stop());
        turns.giveUp();
        assertNull(turns.stop());
        assertEquals("a snapshot of the machine is being taken, or it is being put back to one: try again",
                assertThrows(DeviceChangeException.class, turns::begin).getMessage());
        turns.goOn();
        turns.begin();
        CompletableFuture<Void> done = turns.start(() -> { });
        assertNull(done.get(30, TimeUnit.SECONDS));
        assertTrue(turns.endWithin(30_000));
    }

    @Test
    void whatIsGivenBackWhileASnapshotIsTakenIsTakenOutAfterwards() throws Exception {
        turns.prepare();
        assertNull(turns.stop());
        turns.returnedLate(rig.slots.get(1));
        assertTrue(turns.endWithin(30_000), "nothing is under way");
        assertEquals(List.of(), List.copyOf(late));
        turns.goOn();
        assertEquals(rig.slots.get(1), late.poll(30, TimeUnit.SECONDS));
    }

    /** It had no thread: the guest's answer was an error of the machine's. */
    @Test
    void aMachineThatGoesOnWithDevicesTakesOutWhatItsGuestGivesBackLate() throws Exception {
        turns.prepare();
        turns.returnedLate(rig.slots.get(0));
        assertEquals(rig.slots.get(0), late.poll(30, TimeUnit.SECONDS));
    }
}
