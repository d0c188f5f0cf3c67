package io.vmm4j.devices.virtio.console;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * A transmit queue: the guest's output, which waits in its buffer while the backend has no room. On a console it waits
 * for a second; then it is dropped and counted until there is room again, because a guest's console driver spins until
 * its buffer comes back. Confined to the event loop.
 */
final class PortOutput {

    /** Most bytes of a chain. */
    private static final long CHAIN_MAX = 0xFFFF_FFFFL;

    private final ConsoleBackend backend;
    private final boolean isConsole;
    private final QueuePump pump;
    private final LoopTimer stuck;
    private final LongAdder dropped = new LongAdder();
    private boolean isWaiting;
    private boolean isDropping;
    /** Bytes of the chain in work that have left it; of it the first are passed over when it comes once more after a restore. */
    private long taken;
    private long toSkip;

    PortOutput(EventLoop loop, DriverFault fault, ConsoleBackend backend, boolean isConsole) {
        this.backend = backend;
        this.isConsole = isConsole;
        this.pump = new QueuePump(loop, fault, ConsoleConstants.BATCH, this::serve);
        this.stuck = loop.timer(this::giveUp);
    }

    void start(VirtioActivation activation, int queueIndex) {
        pump.start(activation, queueIndex);
    }

    void stop() {
        stuck.disarm();
        isWaiting = false;
        isDropping = false;
        taken = 0;
        toSkip = 0;
        pump.stop();
    }

    void run() {
        pump.run();
    }

    State saveState() {
        return State.builder().put("taken", taken).put("isDropping", isDropping).build();
    }

    void restoreState(State state) throws StateException {
        taken = state.integer("taken", 0, CHAIN_MAX);
        toSkip = taken;
        isDropping = state.flag("isDropping");
    }

    /** The backend has room. */
    void writable() {
        isDropping = false;
        pump.run();
    }

    /** Bytes dropped. Any thread. */
    long dropped() {
        return dropped.sum();
    }

    /** The views keep their positions, so a chain that is served again goes on where it stopped. */
    private long serve(DescriptorChain chain) {
        ChainCopy.skip(chain, toSkip);
        toSkip = 0;
        int left = ConsoleConstants.MAX_TURN;
        for (int i = 0; i < chain.readableCount(); i++) {
            ByteBuffer view = chain.readable(i);
            while (view.hasRemaining()) {
                if (left == 0) {
                    pump.schedule();
                    return QueuePump.LATER;
                }
                int moved = move(view, left);
                if (moved == 0) {
                    awaitRoom();
                    return QueuePump.LATER;
                }
                left -= moved;
                taken += moved;
            }
        }
        taken = 0;
        return 0;
    }

    /** Writes up to {@code most} bytes, or drops them. Returns how many, 0 when the backend has no room. */
    private int move(ByteBuffer view, int most) {
        int end = view.limit();
        int wanted = Math.min(view.remaining(), most);
        view.limit(view.position() + wanted);
        int written = backend.write(view);
        view.limit(end);
        if (written > 0) {
            isWaiting = false;
            isDropping = false;
            stuck.disarm();
            return written;
        }
        if (!isDropping) {
            return 0;
        }
        dropped.add(wanted);
        view.position(view.position() + wanted);
        return wanted;
    }

    private void awaitRoom() {
        if (isConsole && !isWaiting) {
            isWaiting = true;
            stuck.arm(TimeUnit.MILLISECONDS.toNanos(ConsoleConstants.STUCK_MILLIS));
        }
    }

    private void giveUp() {
        isWaiting = false;
        isDropping = true;
        pump.run();
    }
}
