package io.vmm4j.devices.virtio.net;

import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.memory.LittleEndian;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.nio.ByteBuffer;

/**
 * The control queue, virtio 1.2 section 5.1.6.5. Receive modes and address tables are accepted and change nothing: filtering is
 * best effort there, and every frame that the backend has is passed on.
 *
 * <p>Some commands have the host change the port, under a lock of all its network. So each counts as a frame sent of no bytes, and no more
 * than {@link #COMMANDS} are carried out in a second, whatever the limits; those above wait, also over resets. Confined to the event loop.
 */
final class NetControl implements QueuePump.Handler {

    /** Commands in a second; a driver has some ten when it starts. */
    static final int COMMANDS = 64;
    private static final long SECOND_NANOS = 1_000_000_000;

    /** class and command. */
    private static final int COMMAND_LENGTH = 2;
    /** The longest data that is looked at, but for tables of addresses. */
    private static final int MAX_LENGTH = Long.BYTES;
    private static final long MAC_MASK = (1L << 8 * MacAddress.LENGTH) - 1;

    private final VirtioNet device;
    private final ByteBuffer bytes = LittleEndian.allocate(MAX_LENGTH);
    private final ByteBuffer ack = LittleEndian.allocate(1);
    private final RateLimiter limiter;
    private final LoopTimer retry;
    private final LoopTimer nextSecond;
    private long driverFeatures;
    /** Of the second that {@link #nextSecond} ends, when it runs. */
    private int commandsLeft = COMMANDS;

    /** @param limiter of frames sent */
    NetControl(VirtioNet device, EventLoop loop, RateLimiter limiter) {
        this.device = device;
        this.limiter = limiter;
        this.retry = loop.timer(device::serveControl);
        this.nextSecond = loop.timer(() -> {
            commandsLeft = COMMANDS;
            device.serveControl();
        });
    }

    /** The second goes on: a driver that resets its device gets no more of them. */
    void stop() {
        retry.disarm();
    }

    State saveState() {
        return State.builder().put("commandsLeft", commandsLeft).build();
    }

    /** A second that had begun begins anew. */
    void restoreState(State state) throws StateException {
        commandsLeft = state.int32("commandsLeft", 0, COMMANDS);
        nextSecond.disarm();
        if (commandsLeft < COMMANDS) {
            nextSecond.arm(SECOND_NANOS);
        }
    }

    void activate(long acknowledged) {
        driverFeatures = acknowledged;
    }

    @Override
    public long serve(DescriptorChain chain) throws VirtQueueException {
        if (chain.writableLength() == 0) {
            throw new VirtQueueException("a control command without room for its ack");
        }
        if (!isAdmitted()) {
            return QueuePump.LATER;
        }
        bytes.clear().limit(COMMAND_LENGTH);
        boolean isDone = ChainCopy.read(chain, bytes) == COMMAND_LENGTH
            && execute(bytes.get(0) & 0xFF, bytes.get(1) & 0xFF, chain, chain.readableLength() - COMMAND_LENGTH);
        ack.clear();
        ack.put(0, (byte) (isDone ? NetConstants.VIRTIO_NET_OK : NetConstants.VIRTIO_NET_ERR));
        return ChainCopy.write(chain, ack);
    }

    private boolean isAdmitted() {
        if (commandsLeft == 0) {
            return false;
        }
        long delayNanos = limiter.admit(0);
        if (delayNanos > 0) {
            retry.arm(delayNanos);
            return false;
        }
        if (commandsLeft == COMMANDS) {
            nextSecond.arm(SECOND_NANOS);
        }
        commandsLeft--;
        return true;
    }

    /** @param length of the command's data, of which {@code chain} stands at the beginning */
    private boolean execute(int type, int command, DescriptorChain chain, long length) {
        if (type == NetConstants.VIRTIO_NET_CTRL_MAC && command == NetConstants.VIRTIO_NET_CTRL_MAC_TABLE_SET) {
            return hasFeature(NetConstants.VIRTIO_NET_F_CTRL_RX) && isTable(chain, length);
        }
        bytes.clear();
        ChainCopy.read(chain, bytes);
        bytes.flip();
        return switch (type) {
            case NetConstants.VIRTIO_NET_CTRL_RX -> isReceiveMode(command, length);
            case NetConstants.VIRTIO_NET_CTRL_MAC -> setAddress(command, length);
            case NetConstants.VIRTIO_NET_CTRL_ANNOUNCE -> acknowledgeAnnounce(command);
            case NetConstants.VIRTIO_NET_CTRL_MQ -> setPairs(command, length);
            case NetConstants.VIRTIO_NET_CTRL_GUEST_OFFLOADS -> setOffloads(command, length);
            default -> false;
        };
    }

    /** On or off, a byte. */
    private boolean isReceiveMode(int command, long length) {
        int feature = command <= NetConstants.VIRTIO_NET_CTRL_RX_ALLMULTI
            ? NetConstants.VIRTIO_NET_F_CTRL_RX : NetConstants.VIRTIO_NET_F_CTRL_RX_EXTRA;
        return hasFeature(feature) && command <= NetConstants.VIRTIO_NET_CTRL_RX_NOBCAST && length == 1 && bytes.get() >>> 1 == 0;
    }

    /** Two tables (section 5.1.6.5.2), each a le32 count and as many addresses, and nothing behind them. */
    private boolean isTable(DescriptorChain chain, long length) {
        long unicast = takeTable(chain, length);
        return unicast >= 0 && takeTable(chain, length - unicast) == length - unicast;
    }

    /** Passes over a table in the {@code length} bytes that are left of {@code chain}; returns its length, -1 when it is not all there. */
    private long takeTable(DescriptorChain chain, long length) {
        bytes.clear().limit(Integer.BYTES);
        if (ChainCopy.read(chain, bytes) < Integer.BYTES) {
            return -1;
        }
        long addresses = MacAddress.LENGTH * (bytes.getInt(0) & 0xFFFF_FFFFL);
        if (addresses > length - Integer.BYTES) {
            return -1;
        }
        ChainCopy.skip(chain, addresses);
        return Integer.BYTES + addresses;
    }

    private boolean setAddress(int command, long length) {
        if (command != NetConstants.VIRTIO_NET_CTRL_MAC_ADDR_SET
                || !hasFeature(NetConstants.VIRTIO_NET_F_CTRL_MAC_ADDR) || length != MacAddress.LENGTH) {
            return false;
        }
        long low = bytes.getInt() & 0xFFFF_FFFFL;
        device.setMac(new MacAddress(low | (long) Short.toUnsignedInt(bytes.getShort()) << 32 & MAC_MASK));
        return true;
    }

    private boolean acknowledgeAnnounce(int command) {
        if (command != NetConstants.VIRTIO_NET_CTRL_ANNOUNCE_ACK || !hasFeature(NetConstants.VIRTIO_NET_F_GUEST_ANNOUNCE)) {
            return false;
        }
        device.announced();
        return true;
    }

    private boolean setPairs(int command, long length) {
        return command == NetConstants.VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET && hasFeature(NetConstants.VIRTIO_NET_F_MQ)
            && length == Short.BYTES && device.setActivePairs(Short.toUnsignedInt(bytes.getShort()));
    }

    private boolean setOffloads(int command, long length) {
        if (command != NetConstants.VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET
                || !hasFeature(NetConstants.VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) || length != Long.BYTES) {
            return false;
        }
        long offloads = bytes.getLong();
        if ((offloads & ~(driverFeatures & NetOffload.guestFeatures())) != 0) {
            return false;
        }
        device.setGuestOffloads(offloads);
        return true;
    }

    private boolean hasFeature(int bit) {
        return (driverFeatures >>> bit & 1) != 0;
    }
}
