package io.vmm4j.devices.virtio.net;

import io.vmm4j.devices.virtio.VirtioFeatures;
import java.nio.ByteBuffer;

/**
 * struct virtio_net_hdr, virtio 1.2 section 5.1.6, read once from a buffer of the device's own. Used again for each frame.
 *
 * <pre>
 * struct virtio_net_hdr { u8 flags; u8 gso_type; le16 hdr_len, gso_size, csum_start, csum_offset, num_buffers; }
 * </pre>
 */
final class NetHeader {

    private int flags;
    private int gsoType;
    private int gsoSize;
    private int csumStart;
    private int csumOffset;

    /** Reads the 12 bytes at {@code offset}, little-endian. */
    void read(ByteBuffer bytes, int offset) {
        flags = Byte.toUnsignedInt(bytes.get(offset + NetConstants.HDR_FLAGS));
        gsoType = Byte.toUnsignedInt(bytes.get(offset + NetConstants.HDR_GSO_TYPE));
        gsoSize = Short.toUnsignedInt(bytes.getShort(offset + NetConstants.HDR_GSO_SIZE));
        csumStart = Short.toUnsignedInt(bytes.getShort(offset + NetConstants.HDR_CSUM_START));
        csumOffset = Short.toUnsignedInt(bytes.getShort(offset + NetConstants.HDR_CSUM_OFFSET));
    }

    /** Whether a frame of {@code length} bytes from the guest may carry this header under the features accepted. */
    boolean isSendable(long driverFeatures, int length) {
        if (gsoType == NetConstants.VIRTIO_NET_HDR_GSO_NONE) {
            return !needsChecksum() || isChecksumSound(driverFeatures, length);
        }
        return needsChecksum() && gsoSize > 0 && isChecksumSound(driverFeatures, length)
            && hasFeature(driverFeatures, hostFeature())
            && (!hasEcn() || hasFeature(driverFeatures, NetConstants.VIRTIO_NET_F_HOST_ECN));
    }

    /** Whether a frame for the guest may carry this header under the offloads in force, a mask of GUEST features. */
    boolean isReceivable(long guestOffloads) {
        if (needsChecksum() && !hasFeature(guestOffloads, NetConstants.VIRTIO_NET_F_GUEST_CSUM)) {
            return false;
        }
        if (gsoType == NetConstants.VIRTIO_NET_HDR_GSO_NONE) {
            return true;
        }
        return (guestFeatures() & guestOffloads) != 0
            && (!hasEcn() || hasFeature(guestOffloads, NetConstants.VIRTIO_NET_F_GUEST_ECN));
    }

    /** Whether it is a large packet that someone has to cut up. */
    boolean isLarge() {
        return (gsoType & ~NetConstants.VIRTIO_NET_HDR_GSO_ECN) != NetConstants.VIRTIO_NET_HDR_GSO_NONE;
    }

    private boolean needsChecksum() {
        return (flags & NetConstants.VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0;
    }

    private boolean hasEcn() {
        return (gsoType & NetConstants.VIRTIO_NET_HDR_GSO_ECN) != 0;
    }

    private boolean isChecksumSound(long driverFeatures, int length) {
        return hasFeature(driverFeatures, NetConstants.VIRTIO_NET_F_CSUM) && csumStart + csumOffset + Short.BYTES <= length;
    }

    /** The feature that lets the guest send this type; -1 when none does. */
    private int hostFeature() {
        return switch (gsoType & ~NetConstants.VIRTIO_NET_HDR_GSO_ECN) {
            case NetConstants.VIRTIO_NET_HDR_GSO_TCPV4 -> NetConstants.VIRTIO_NET_F_HOST_TSO4;
            case NetConstants.VIRTIO_NET_HDR_GSO_TCPV6 -> NetConstants.VIRTIO_NET_F_HOST_TSO6;
            case NetConstants.VIRTIO_NET_HDR_GSO_UDP -> NetConstants.VIRTIO_NET_F_HOST_UFO;
            case NetConstants.VIRTIO_NET_HDR_GSO_UDP_L4 -> NetConstants.VIRTIO_NET_F_HOST_USO;
            default -> -1;
        };
    }

    /** The features any of which lets the guest receive this type. UDP segments of both IP versions look alike here. */
    private long guestFeatures() {
        return switch (gsoType & ~NetConstants.VIRTIO_NET_HDR_GSO_ECN) {
            case NetConstants.VIRTIO_NET_HDR_GSO_TCPV4 -> VirtioFeatures.mask(NetConstants.VIRTIO_NET_F_GUEST_TSO4);
            case NetConstants.VIRTIO_NET_HDR_GSO_TCPV6 -> VirtioFeatures.mask(NetConstants.VIRTIO_NET_F_GUEST_TSO6);
            case NetConstants.VIRTIO_NET_HDR_GSO_UDP -> VirtioFeatures.mask(NetConstants.VIRTIO_NET_F_GUEST_UFO);
            case NetConstants.VIRTIO_NET_HDR_GSO_UDP_L4 -> VirtioFeatures.mask(NetConstants.VIRTIO_NET_F_GUEST_USO4)
                | VirtioFeatures.mask(NetConstants.VIRTIO_NET_F_GUEST_USO6);
            default -> 0;
        };
    }

    private static boolean hasFeature(long features, int bit) {
        return bit >= 0 && (features & VirtioFeatures.mask(bit)) != 0;
    }
}
