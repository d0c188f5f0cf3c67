package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.bus.Bus;
import io.vmm4j.devices.bus.BusBuilder;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.virtio.rng.VirtioRng;
import io.vmm4j.devices.virtio.vsock.VirtioVsock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.Appender;
import org.apache.logging.log4j.core.Filter;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a guest can do again and again is logged now and then, also where everything is logged. */
class GuestLogLinesTest {

    private static final int ROUNDS = 5_000;
    /** The 1st, 2nd, 4th and so on of {@link #ROUNDS}. */
    private static final int SPARSE = 13;

    private final LoggerContext context = LoggerContext.getContext(false);
    private final Counter lines = new Counter();
    private Level before;
    private List<Appender> others;

    /** Counts events of any level. */
    private static final class Counter extends AbstractAppender {

        private final AtomicLong events = new AtomicLong();

        Counter() {
            super("counter", (Filter) null, null, true, Property.EMPTY_ARRAY);
        }

        @Override
        public void append(LogEvent event) {
            events.incrementAndGet();
        }

        long count() {
            return events.get();
        }
    }

    @BeforeEach
    void countAll() {
        before = context.getConfiguration().getRootLogger().getLevel();
        lines.start();
        others = List.copyOf(context.getConfiguration().getRootLogger().getAppenders().values());
        others.forEach(other -> context.getConfiguration().getRootLogger().removeAppender(other.getName()));
        context.getConfiguration().getRootLogger().addAppender(lines, Level.ALL, null);
        context.getConfiguration().getRootLogger().setLevel(Level.ALL);
        context.updateLoggers();
        LogManager.getLogger("it").trace("it counts");
        assertEquals(1, lines.count(), "lines are counted from here on");
    }

    @AfterEach
    void countNoMore() {
        context.getConfiguration().getRootLogger().removeAppender(lines.getName());
        others.forEach(other -> context.getConfiguration().getRootLogger().addAppender(other, null, null));
        context.getConfiguration().getRootLogger().setLevel(before);
        context.updateLoggers();
    }

    private void assertAtMost(int bound) {
        assertTrue(lines.count() - 1 <= bound, () -> lines.count() - 1 + " lines, not " + bound + " at most");
    }

    @Test
    void addressesWhereNobodyAnswers() {
        Bus ports = new BusBuilder("ports").build();
        for (int round = 0; round < 2; round++) {
            for (int port = 0; port < 0x10000; port++) {
                ports.read(port, 1);
                ports.write(port, 4, round);
            }
        }
        assertAtMost(32);
    }

    @Test
    void connectionsToPortsWhereNobodyListens() throws Exception {
        VirtioRig<VirtioVsock> rig = new VirtioRig<>(loop -> new VirtioVsock(loop, 42, port -> {
            throw new IOException("nobody listens at port " + port);
        }));
        rig.start(0, 64, 64, 8);
        long packet = VirtioRig.DATA;
        long answer = VirtioRig.DATA + 0x1000;
        for (int round = 0; round < ROUNDS; round++) {
            // virtio 1.2, 5.10.6: a request of the guest's port 1000 + round to the host's port 80.
            ByteBuffer header = ByteBuffer.allocate(44).order(ByteOrder.LITTLE_ENDIAN);
            header.putLong(42).putLong(2).putInt(1000 + round).putInt(80).putInt(0).putShort((short) 1).putShort((short) 1);
            header.rewind();
            rig.memory().write(packet, header);
            rig.queue(0).add(Buffer.writable(answer, 64));
            rig.queue(1).add(Buffer.readable(packet, 44));
            rig.kick(0);
            rig.kick(1);
            assertTrue(rig.queue(1).takeUsed() != null, "the packet is taken");
            assertTrue(rig.queue(0).takeUsed() != null, "and answered");
        }
        assertAtMost(SPARSE);
    }

    @Test
    void requestsThatTheHostCannotCarryOut() {
        VirtioRig<VirtioRng> rig = new VirtioRig<>(loop -> new VirtioRng(loop, target -> {
            throw new IOException("no random bytes");
        }));
        rig.start(0, 16);
        for (int round = 0; round < ROUNDS; round++) {
            rig.queue(0).add(Buffer.writable(VirtioRig.DATA, 64));
            rig.kick(0);
            assertTrue(rig.queue(0).takeUsed() != null, "the request is answered");
        }
        assertAtMost(SPARSE);
    }

    @Test
    void ringsThatAreBrokenAndResetAgainAndAgain() {
        VirtioRig<VirtioRng> rig = new VirtioRig<>(loop -> new VirtioRng(loop, target -> { }));
        for (int round = 0; round < 200; round++) {
            rig.start(0, 16);
            rig.queue(0).add(Buffer.writable(VirtioRig.RAM_LENGTH + 0x1000L, 64));
            rig.kick(0);
            assertTrue(rig.needsReset(), "the rule was broken");
        }
        assertAtMost(1);
    }
}
