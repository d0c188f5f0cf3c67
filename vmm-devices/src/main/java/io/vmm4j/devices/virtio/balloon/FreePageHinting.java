package io.vmm4j.devices.virtio.balloon;

import io.vmm4j.devices.memory.LittleEndian;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.VirtioInterrupt;
import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;

/**
 * Free page hinting, virtio 1.2 section 5.5.6.5: while a command is in force the driver names pages it does not need, and their
 * memory is given back. Guarded by its own lock, also while memory is given back: once a command is withdrawn, no
 * hint of it is acted on any more. What the driver said to an earlier command, or before it was asked, is none to this one.
 */
final class FreePageHinting implements QueuePump.Handler {

    private static final long U32_MASK = 0xFFFF_FFFFL;

    private final ByteConfigSpace space;
    private final MemoryReturn memory;
    private final ByteBuffer word = LittleEndian.allocate(Integer.BYTES);

    private VirtioInterrupt interrupt;
    private int hostCommand = BalloonConstants.VIRTIO_BALLOON_CMD_ID_STOP;
    private int lastCommand = BalloonConstants.FIRST_CMD_ID - 1;
    private OptionalLong guestCommand = OptionalLong.empty();
    private boolean acknowledgeOnStop;
    /** A chain of which something is left for another turn. */
    private DescriptorChain inWork;
    /** The next chain is the one of which something was left before a restore. */
    private boolean isNextInWork;

    FreePageHinting(ByteConfigSpace space, MemoryReturn memory) {
        this.space = space;
        this.memory = memory;
    }

    synchronized void activate(VirtioInterrupt newInterrupt) {
        interrupt = newInterrupt;
    }

    synchronized void reset() {
        interrupt = null;
        inWork = null;
        isNextInWork = false;
        guestCommand = OptionalLong.empty();
        setHostCommand(BalloonConstants.VIRTIO_BALLOON_CMD_ID_STOP);
    }

    /** A chain that is in work is given back from its beginning after a restore: nothing of it was used again meanwhile. */
    synchronized State saveState() {
        State.Builder state = State.builder().put("hostCommand", hostCommand & U32_MASK).put("lastCommand", lastCommand & U32_MASK)
                .put("acknowledgeOnStop", acknowledgeOnStop).put("isInWork", inWork != null || isNextInWork);
        guestCommand.ifPresent(command -> state.put("guestCommand", command));
        return state.build();
    }

    synchronized void restoreState(State state) throws StateException {
        hostCommand = (int) state.integer("hostCommand", 0, U32_MASK);
        lastCommand = (int) state.integer("lastCommand", BalloonConstants.FIRST_CMD_ID - 1L, U32_MASK);
        acknowledgeOnStop = state.flag("acknowledgeOnStop");
        isNextInWork = state.flag("isInWork");
        guestCommand = state.has("guestCommand") ? OptionalLong.of(state.integer("guestCommand", 0, U32_MASK)) : OptionalLong.empty();
        space.put(BalloonConstants.CONFIG_FREE_PAGE_HINT_CMD_ID, Integer.BYTES, hostCommand);
    }

    /** Asks for a round of hints. False when the device is not in use. */
    synchronized boolean start(boolean acknowledge) {
        if (interrupt == null) {
            return false;
        }
        acknowledgeOnStop = acknowledge;
        lastCommand++;
        if (Integer.compareUnsigned(lastCommand, BalloonConstants.FIRST_CMD_ID) < 0) {
            lastCommand = BalloonConstants.FIRST_CMD_ID;
        }
        guestCommand = OptionalLong.empty();
        setHostCommand(lastCommand);
        return true;
    }

    /** Ends hinting: the guest may use the hinted pages again. */
    synchronized void stop() {
        setHostCommand(BalloonConstants.VIRTIO_BALLOON_CMD_ID_DONE);
    }

    synchronized HintingStatus status() {
        return new HintingStatus(hostCommand & U32_MASK, guestCommand);
    }

    @Override
    public synchronized long serve(DescriptorChain chain) throws VirtQueueException {
        boolean isNew = chain != inWork && !isNextInWork;
        isNextInWork = false;
        if (isNew && chain.readableLength() > 0) {
            word.clear();
            if (ChainCopy.read(chain, word) < Integer.BYTES) {
                throw new VirtQueueException("a hinting command of " + chain.readableLength() + " bytes");
            }
            guestCommanded(word.getInt(0));
        }
        boolean isWanted = isRoundInForce() && isGuestInRound();
        boolean isDone = !isWanted || memory.discard(chain);
        inWork = isDone ? null : chain;
        return isDone ? 0 : QueuePump.LATER;
    }

    private boolean isRoundInForce() {
        return Integer.compareUnsigned(hostCommand, BalloonConstants.FIRST_CMD_ID) >= 0;
    }

    private boolean isGuestInRound() {
        return guestCommand.isPresent() && guestCommand.getAsLong() == (hostCommand & U32_MASK);
    }

    private void guestCommanded(int command) {
        if (command != BalloonConstants.VIRTIO_BALLOON_CMD_ID_STOP) {
            guestCommand = OptionalLong.of(command & U32_MASK);
        } else if (isRoundInForce() && !isGuestInRound()) {
            guestCommand = OptionalLong.empty();
        } else {
            guestCommand = OptionalLong.of(command);
            if (isRoundInForce() && acknowledgeOnStop) {
                setHostCommand(BalloonConstants.VIRTIO_BALLOON_CMD_ID_DONE);
            }
        }
    }

    private void setHostCommand(int command) {
        hostCommand = command;
        boolean changed = space.put(BalloonConstants.CONFIG_FREE_PAGE_HINT_CMD_ID, Integer.BYTES, command);
        if (changed && interrupt != null) {
            interrupt.configChanged();
        }
    }
}
