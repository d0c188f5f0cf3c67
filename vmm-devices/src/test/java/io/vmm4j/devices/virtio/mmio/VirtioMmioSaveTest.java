package io.vmm4j.devices.virtio.mmio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.testing.RecordingLine;
import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A transport is saved and restored in the midst of its driver's work, in both ring formats. */
class VirtioMmioSaveTest {

    private static final long VERSION_1 = 1L << 32;
    private static final long EVENT_IDX = 1L << 29;
    private static final long PACKED = 1L << 34;
    private static final long QUEUE = 0x1_0000;
    private static final long DATA = 0x4_0000;
    private static final int SIZE = 4;

    /** Takes what comes, and gives back when the test says so. */
    private static final class Keeper implements VirtioDevice, Stateful {
        private final ByteConfigSpace space = new ByteConfigSpace(4);
        private final List<DescriptorChain> held = new ArrayList<>();
        private VirtioActivation activation;
        private int notifications;
        private int activations;
        private boolean isEager;

        @Override
        public VirtioDeviceType type() {
            return new VirtioDeviceType(0xF001, "keeper");
        }

        @Override
        public long deviceFeatures() {
            return 1;
        }

        @Override
        public int[] queueSizeMax() {
            return new int[] {16, 16};
        }

        @Override
        public ConfigSpace configSpace() {
            return space;
        }

        @Override
        public void activate(VirtioActivation newActivation) {
            activation = newActivation;
            activations++;
            activation.interrupt().configChanged();
        }

        @Override
        public void onQueueNotify(int index) {
            notifications++;
            take(index);
        }

        @Override
        public void reset() {
            activation = null;
            held.clear();
        }

        private VirtQueue queue(int index) {
            return activation.queues().get(index);
        }

        private void take(int index) {
            try {
                do {
                    for (DescriptorChain chain = queue(index).poll(); chain != null; chain = queue(index).poll()) {
                        held.add(chain);
                        if (isEager) {
                            give(index);
                        }
                    }
                } while (queue(index).enableNotifications());
            } catch (VirtQueueException e) {
                activation.interrupt().needsReset();
            }
        }

        void give(int index) throws VirtQueueException {
            queue(index).pushUsed(held.remove(0), 1);
            if (queue(index).needsInterrupt()) {
                activation.interrupt().usedBuffer(index);
            }
        }

        @Override
        public State saveState() {
            return State.builder().put("field", space.read(0, 4)).build();
        }

        @Override
        public void restoreState(State state) throws StateException {
            space.put(0, 4, state.integer("field", 0, 0xFFFF_FFFFL));
        }
    }

    private final GuestMemory memory = GuestRam.of(0x10_0000);
    private final ManualClock clock = new ManualClock();

    private final class Side {
        final Keeper device = new Keeper();
        final ManualLoop loop = new ManualLoop(clock);
        final RecordingLine line = new RecordingLine();
        final VirtioMmioTransport transport = new VirtioMmioTransport(device, memory, line, loop);
        final MmioDriver driver = new MmioDriver(transport);

        Side restored() throws StateException {
            State state = transport.saveState();
            Side next = new Side();
            next.transport.restoreState(state);
            assertEquals(state, next.transport.saveState(), "a state that was restored comes out again");
            return next;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, EVENT_IDX, PACKED, PACKED | EVENT_IDX})
    void queuesGoOnWhereTheyWereWithTheChainsThatWereHeld(long features) throws Exception {
        Side side = new Side();
        DriverQueue queue = DriverQueue.of(memory, QUEUE, SIZE, features | VERSION_1);
        side.driver.start(features | VERSION_1, queue);
        side.loop.run();
        for (int round = 0; round < 3 * SIZE + 1; round++) { // each time at another place of the ring
            int first = queue.add(Buffer.writable(DATA, 1));
            int second = queue.add(Buffer.readable(DATA, 1), Buffer.writable(DATA, 1));
            side.driver.notifyQueue(0);
            side.loop.run();
            side.device.give(0);
            assertEquals(new Used(first, 1), queue.takeUsed());

            side = side.restored();
            assertEquals(List.of(), side.device.held);
            side.transport.afterRestore();
            side.loop.run();
            assertEquals(1, side.device.held.size(), "the chain held is polled once more");
            assertEquals(second, side.device.held.get(0).id());
            side.device.give(0);
            assertEquals(new Used(second, 1), queue.takeUsed());
            assertNull(queue.takeUsed());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, EVENT_IDX, PACKED, PACKED | EVENT_IDX})
    void aNotificationThatWasLostIsMadeGood(long features) throws Exception {
        Side side = new Side();
        DriverQueue queue = DriverQueue.of(memory, QUEUE, SIZE, features | VERSION_1);
        side.driver.start(features | VERSION_1, queue);
        side.loop.run();
        int id = queue.add(Buffer.writable(DATA, 1));

        Side next = side.restored();
        next.device.isEager = true;
        next.transport.afterRestore();
        next.loop.run();
        assertEquals(new Used(id, 1), queue.takeUsed());
        assertEquals(1, next.driver.takeInterrupts() & 1);
    }

    @Test
    void anInterruptThatWasLostIsRaisedAgain() throws Exception {
        Side side = new Side();
        DriverQueue queue = DriverQueue.of(memory, QUEUE, SIZE, VERSION_1);
        side.driver.start(VERSION_1, queue);
        queue.add(Buffer.writable(DATA, 1));
        side.device.isEager = true;
        side.loop.run();
        assertEquals(3, side.driver.read(0x060), "used buffer, and what the device says of its activation");

        Side next = side.restored();
        assertEquals(0, next.line.edges(), "nothing reaches the guest before all is back");
        next.transport.afterRestore();
        assertEquals(1, next.line.edges());
        assertEquals(3, next.driver.takeInterrupts());
    }

    @Test
    void nothingIsRaisedThatWasNotPending() throws Exception {
        Side side = new Side();
        side.driver.start(VERSION_1, DriverQueue.of(memory, QUEUE, SIZE, VERSION_1));
        side.loop.run();
        side.driver.takeInterrupts();

        Side next = side.restored();
        next.transport.afterRestore();
        next.loop.run();
        assertEquals(0, next.driver.read(0x060));
        assertEquals(0, next.line.edges());
        assertEquals(1, next.device.activations);
        assertEquals(1, next.device.notifications, "each live queue is looked at once");
    }

    @Test
    void registersOfADriverOnItsWayGoOn() throws Exception {
        Side side = new Side();
        side.driver.negotiate(VERSION_1 | 1);
        side.driver.write(0x014, 1);
        DriverQueue queue = DriverQueue.of(memory, QUEUE, SIZE, VERSION_1);
        side.driver.setUpQueue(1, queue.addresses());
        side.driver.write(0x030, 7);

        Side next = side.restored();
        assertEquals(5, next.driver.read(0x010), "DeviceFeatures of the word selected");
        assertEquals(0, next.driver.read(0x034), "QueueNumMax of the queue selected");
        assertEquals(11, next.driver.status());
        next.driver.driverOk();
        next.loop.run();
        assertNull(next.device.activation.queues().get(0));
        assertEquals(SIZE, next.device.activation.queues().get(1).size());
        assertEquals(VERSION_1 | 1, next.device.activation.driverFeatures());
    }

    @Test
    void theGenerationOfTheConfigurationIsWhatTheDriverHasSeen() throws Exception {
        Side side = new Side();
        side.driver.start(VERSION_1, DriverQueue.of(memory, QUEUE, SIZE, VERSION_1));
        side.loop.run();
        for (int i = 1; i < 5; i++) {
            side.device.space.put(0, 4, i);
            side.device.activation.interrupt().configChanged();
        }
        long seen = side.driver.read(0x0fc);

        Side next = side.restored();
        assertEquals(seen, next.driver.read(0x0fc));
        assertEquals(4, next.driver.readConfig(0, 4));
        next.device.space.put(0, 4, 9);
        assertTrue(next.driver.read(0x0fc) > seen);
    }

    @Test
    void aChangeBeforeTheActivationIsToldAfterIt() throws Exception {
        Side side = new Side();
        side.driver.negotiate(VERSION_1);
        side.device.space.put(0, 4, 5);
        Side next = side.restored();
        next.driver.driverOk();
        next.loop.run();
        assertEquals(2, next.driver.takeInterrupts() & 2);
    }

    @Test
    void anActivationThatTheLoopHasNotComeToIsInTheState() throws Exception {
        Side side = new Side();
        DriverQueue queue = DriverQueue.of(memory, QUEUE, SIZE, VERSION_1);
        side.driver.start(VERSION_1, queue);
        int id = queue.add(Buffer.writable(DATA, 1));

        Side next = side.restored();
        assertEquals(0, side.device.notifications, "queues stay as they are while the guest stands still");
        next.device.isEager = true;
        next.transport.afterRestore();
        next.loop.run();
        assertEquals(new Used(id, 1), queue.takeUsed());
        side.loop.run();
        assertEquals(1, side.device.activations);
    }

    @Test
    void aResetThatIsUnderWayIsOver() throws Exception {
        Side side = new Side();
        side.driver.start(VERSION_1, DriverQueue.of(memory, QUEUE, SIZE, VERSION_1));
        side.loop.run();
        Thread vcpu = new Thread(side.driver::reset);
        vcpu.start();
        vcpu.join();
        assertTrue(side.driver.status() != 0, "the loop has not reset the device yet");

        Side next = side.restored();
        assertEquals(0, next.driver.status());
        assertEquals(0, next.device.activations);
        side.loop.run();
        assertEquals(0, side.driver.status(), "the one that was saved goes on too");
    }

    @Test
    void aQueueThatWasTakenBackStaysSo() throws Exception {
        Side side = new Side();
        DriverQueue queue = DriverQueue.of(memory, QUEUE, SIZE, VERSION_1);
        side.driver.start(VERSION_1, queue, DriverQueue.of(memory, 2 * QUEUE, SIZE, VERSION_1));
        side.loop.run();
        side.driver.write(0x030, 0);
        side.driver.write(0x044, 0);
        queue.add(Buffer.writable(DATA, 1));

        Side next = side.restored();
        next.device.isEager = true;
        next.transport.afterRestore();
        next.loop.run();
        assertEquals(0, next.driver.read(0x044));
        assertNull(queue.takeUsed());
        assertTrue(next.device.activation.queues().get(0).isStopped());
    }

    @Test
    void aDeviceThatWaitsForAResetIsNotActivated() throws Exception {
        Side side = new Side();
        side.driver.start(VERSION_1, DriverQueue.of(memory, QUEUE, SIZE, VERSION_1));
        side.loop.run();
        side.device.activation.interrupt().needsReset();

        Side next = side.restored();
        next.transport.afterRestore();
        next.loop.run();
        assertEquals(15 | 64, next.driver.status());
        assertEquals(0, next.device.activations);
        next.driver.start(VERSION_1, DriverQueue.of(memory, QUEUE, SIZE, VERSION_1));
        next.loop.run();
        assertEquals(1, next.device.activations, "it works again after the reset");
    }

    @Test
    void aDeviceInUseBecomesAnotherWithoutWaiting() throws Exception {
        Side side = new Side();
        DriverQueue queue = DriverQueue.of(memory, QUEUE, SIZE, VERSION_1);
        side.driver.start(VERSION_1, queue);
        side.loop.run();
        State early = side.transport.saveState();
        VirtQueue before = side.device.activation.queues().get(0);
        queue.add(Buffer.writable(DATA, 1));
        side.driver.notifyQueue(0);
        side.loop.run();
        DescriptorChain stale = side.device.held.get(0);

        side.transport.restoreState(early);
        assertEquals(early, side.transport.saveState());
        assertTrue(before.isStopped());
        before.pushUsed(stale, 1);
        assertNull(queue.takeUsed(), "what the old one gives back reaches no ring");
        side.device.isEager = true;
        side.transport.afterRestore();
        side.loop.run();
        assertEquals(1, queue.takeUsed().length());
    }

    @Test
    void aFreshStateResetsADeviceInUse() throws Exception {
        State fresh = new Side().transport.saveState();
        Side side = new Side();
        side.driver.start(VERSION_1, DriverQueue.of(memory, QUEUE, SIZE, VERSION_1));
        side.loop.run();
        side.transport.restoreState(fresh);
        assertEquals(fresh, side.transport.saveState());
        assertNull(side.device.activation);
        assertEquals(0, side.driver.status());
    }

    @Test
    void aChainHeldFromBeforeOneGivenBackIsNoState() throws Exception {
        Side side = new Side();
        DriverQueue queue = DriverQueue.of(memory, QUEUE, SIZE, VERSION_1);
        side.driver.start(VERSION_1, queue);
        queue.add(Buffer.writable(DATA, 1));
        queue.add(Buffer.writable(DATA, 1));
        side.loop.run();
        side.device.activation.queues().get(0).pushUsed(side.device.held.get(1), 1);
        assertThrows(IllegalStateException.class, side.transport::saveState);
    }

    @Test
    void refusesWhatNoTransportGives() {
        Side side = new Side();
        side.driver.start(VERSION_1, DriverQueue.of(memory, QUEUE, SIZE, VERSION_1));
        side.loop.run();
        State state = side.transport.saveState();
        assertRefused(state, "type", 1, "type is 1");
        assertRefused(state, "status", 4, "status is 0x4");
        assertRefused(state, "status", 11, "isLive is 1");
        assertRefused(state, "interruptStatus", 4, "interruptStatus is 4");
        assertRefused(state, "queueSel", -1, "queueSel is -1");
    }

    private void assertRefused(State state, String name, long value, String message) {
        Side side = new Side();
        StateException refusal = assertThrows(StateException.class, () -> side.transport.restoreState(with(state, name, value)));
        assertTrue(refusal.getMessage().startsWith("virtio keeper: " + message), refusal.getMessage());
        assertNull(side.device.activation, "nothing runs after a refusal");
    }

    private static State with(State state, String changed, long value) {
        State.Builder next = State.builder();
        state.accept(new State.Visitor<RuntimeException>() {
            @Override
            public void integer(String name, long old) {
                next.put(name, name.equals(changed) ? value : old);
            }

            @Override
            public void bytes(String name, byte[] old) {
                next.put(name, old);
            }

            @Override
            public void text(String name, String old) {
                next.put(name, old);
            }

            @Override
            public void part(String name, State old) {
                next.put(name, old);
            }

            @Override
            public void parts(String name, List<State> old) {
                next.put(name, old);
            }
        });
        return next.build();
    }

    @Test
    void saysWhichDeviceCannotBeSaved() {
        assertEquals(Optional.empty(), new Side().transport.whyNotSaved());
        VirtioMmioTransport transport = new VirtioMmioTransport(new FakeDevice(), memory, () -> { }, new ManualLoop(clock));
        assertEquals("virtio device ENTROPY cannot be saved", transport.whyNotSaved().orElseThrow());
        assertThrows(IllegalStateException.class, transport::saveState);
        assertThrows(StateException.class, () -> transport.restoreState(State.builder().build()));
    }
}
