package io.vmm4j.devices.virtio.net;

import io.vmm4j.devices.memory.LittleEndian;
import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.nio.ByteBuffer;

/**
 * The control queue, virtio 1.2 section 5.1.6.5. Receive modes and address tables are accepted and change nothing: filtering is
 * best effort there, and every frame that the backend has is passed on. Confined to the event loop.
 */
final class NetControl implements QueuePump.Handler {

    /** class, command and the longest data that is looked at. */
    private static final int MAX_LENGTH = 2 + Long.BYTES;
    private static final long MAC_MASK = (1L << 8 * MacAddress.LENGTH) - 1;

    private final VirtioNet device;
    private final ByteBuffer bytes = LittleEndian.allocate(MAX_LENGTH);
    private final ByteBuffer ack = LittleEndian.allocate(1);
    private long driverFeatures;

    NetControl(VirtioNet device) {
        this.device = device;
    }

    void activate(long acknowledged) {
        driverFeatures = acknowledged;
    }

    @Override
    public long serve(DescriptorChain chain) throws VirtQueueException {
        if (chain.writableLength() == 0) {
            throw new VirtQueueException("a control command without room for its ack");
        }
        bytes.clear();
        ChainCopy.read(chain, bytes);
        bytes.flip();
        boolean isDone = bytes.remaining() >= 2 && execute(bytes.get() & 0xFF, bytes.get() & 0xFF, chain.readableLength() - 2);
        ack.clear();
        ack.put(0, (byte) (isDone ? NetConstants.VIRTIO_NET_OK : NetConstants.VIRTIO_NET_ERR));
        return ChainCopy.write(chain, ack);
    }

    private boolean execute(int type, int command, long length) {
        return switch (type) {
            case NetConstants.VIRTIO_NET_CTRL_RX -> isReceiveMode(command, length);
            case NetConstants.VIRTIO_NET_CTRL_MAC -> setAddress(command, length);
            case NetConstants.VIRTIO_NET_CTRL_ANNOUNCE -> acknowledgeAnnounce(command);
            case NetConstants.VIRTIO_NET_CTRL_MQ -> setPairs(command, length);
            case NetConstants.VIRTIO_NET_CTRL_GUEST_OFFLOADS -> setOffloads(command, length);
            default -> false;
        };
    }

    private boolean isReceiveMode(int command, long length) {
        int feature = command <= NetConstants.VIRTIO_NET_CTRL_RX_ALLMULTI
            ? NetConstants.VIRTIO_NET_F_CTRL_RX : NetConstants.VIRTIO_NET_F_CTRL_RX_EXTRA;
        return hasFeature(feature) && command <= NetConstants.VIRTIO_NET_CTRL_RX_NOBCAST && length >= 1;
    }

    private boolean setAddress(int command, long length) {
        return switch (command) {
            case NetConstants.VIRTIO_NET_CTRL_MAC_TABLE_SET ->
                // Two tables, each at least its le32 count.
                hasFeature(NetConstants.VIRTIO_NET_F_CTRL_RX) && length >= 2 * Integer.BYTES;
            case NetConstants.VIRTIO_NET_CTRL_MAC_ADDR_SET -> {
                if (!hasFeature(NetConstants.VIRTIO_NET_F_CTRL_MAC_ADDR) || length != MacAddress.LENGTH) {
                    yield false;
                }
                long low = bytes.getInt() & 0xFFFF_FFFFL;
                device.setMac(new MacAddress(low | (long) Short.toUnsignedInt(bytes.getShort()) << 32 & MAC_MASK));
                yield true;
            }
            default -> false;
        };
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
