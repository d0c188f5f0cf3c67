package io.vmm4j.core.acpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.RecordingLine;
import io.vmm4j.devices.testing.Snapshots;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What ACPI code of a guest has and owes is the same after a restore. */
class AcpiStateTest {

    private final List<String> heard = new ArrayList<>();

    private CpuController processors() {
        return new CpuController(4, 2, new CpuController.Listener() {
            @Override
            public void ejected(int cpu) {
                heard.add("ejected " + cpu);
            }

            @Override
            public void answered(int cpu, int news, int status, boolean isLatest) {
                heard.add("answered " + cpu + " " + news + " " + status);
            }
        });
    }

    @Test
    void processorsThatCameAndAnswersThatAreOwedAreKept() throws StateException {
        CpuController restored = Snapshots.check(this::processors, controller -> new BusDevice[] {controller}, controller -> {
            controller.offer(2);
            controller.read(0x08, 4);
            controller.offer(3);
            controller.requestEject(1);
            controller.write(0x00, 4, 2);
            controller.write(0x0c, 4, 1);
        });
        heard.clear();
        assertTrue(restored.isPresent(2));
        assertFalse(restored.isConfirmed(2));
        restored.write(0x10, 4, 0); // the answer about 2, of which half was given before
        assertEquals(List.of("answered 2 1 0"), heard);
        assertTrue(restored.isConfirmed(2));
        assertEquals(3L << 16 | 1, restored.read(0x08, 4), "news that was not taken");
        assertEquals(1L << 16 | 3, restored.read(0x08, 4));
        assertEquals(0, restored.read(0x08, 4));
        assertTrue(restored.owesEject(1));
    }

    @Test
    void slotsOweWhatTheyOwed() throws StateException {
        SlotController restored = Snapshots.check(() -> new SlotController(3, (slot, news, status, isLatest) -> heard.add(slot + " " + news)),
                controller -> new BusDevice[] {controller}, controller -> {
                    controller.tell(1, SlotController.COME);
                    controller.read(0, 4);
                    controller.tell(2, SlotController.GIVE_BACK);
                    controller.write(0x04, 4, 1);
                    controller.write(0x08, 4, 1);
                });
        heard.clear();
        restored.write(0x0c, 4, 0);
        assertEquals(List.of("1 1"), heard);
        assertFalse(restored.isAnswerOwed(1));
        assertEquals(3L << 16 | 2, restored.read(0, 4));
    }

    @Test
    void anEventThatWasNotTakenIsToldAgain() throws StateException {
        ManualLoop loop = new ManualLoop(new ManualClock());
        RecordingLine line = new RecordingLine();
        AcpiEventDevice restored = Snapshots.check(() -> new AcpiEventDevice(line, loop), device -> new BusDevice[] {device}, device -> {
            device.raise(AcpiEvent.GENERATION);
            device.raise(AcpiEvent.SLOTS);
        });
        loop.run();
        assertTrue(line.takeEdges() > 0);
        CompletableFuture<Void> taken = restored.raise(AcpiEvent.CPUS);
        assertFalse(taken.isDone());
        assertEquals(4 | 8 | 2, restored.read(0, 1));
        assertTrue(taken.isDone());
    }

    @Test
    void whoWaitsForAnEventThatTheRestoredGuestNeverHadIsToldSo() throws StateException {
        ManualLoop loop = new ManualLoop(new ManualClock());
        AcpiEventDevice device = new AcpiEventDevice(() -> { }, loop);
        State before = device.saveState();
        CompletableFuture<Void> taken = device.raise(AcpiEvent.POWER_BUTTON);
        device.restoreState(before);
        assertTrue(taken.isDone());
        assertEquals(0, device.read(0, 1));
    }

    @Test
    void processorZeroNeverGoes() {
        State state = new CpuController(1, 1, null).saveState();
        CpuController other = new CpuController(2, 1, null);
        assertEquals("processors has 1 elements, not 2", assertThrows(StateException.class, () -> other.restoreState(state)).getMessage());
        CpuController empty = new CpuController(1, 0, null);
        assertThrows(StateException.class, () -> new CpuController(1, 1, null).restoreState(empty.saveState()));
    }
}
