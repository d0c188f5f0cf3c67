package io.vmm4j.devices.virtio.net;

import io.vmm4j.devices.virtio.VirtioFeatures;
import java.util.EnumSet;
import java.util.Set;

/** Work on a frame that is left to the other side: checksums, and cutting large packets up. */
public enum NetOffload {
    /** Checksums. All others need it. */
    CSUM(NetConstants.VIRTIO_NET_F_GUEST_CSUM, NetConstants.VIRTIO_NET_F_CSUM),
    /** Segmentation of TCP over IPv4. */
    TSO4(NetConstants.VIRTIO_NET_F_GUEST_TSO4, NetConstants.VIRTIO_NET_F_HOST_TSO4),
    /** Segmentation of TCP over IPv6. */
    TSO6(NetConstants.VIRTIO_NET_F_GUEST_TSO6, NetConstants.VIRTIO_NET_F_HOST_TSO6),
    /** Segmentation of TCP that carries ECN marks; needs {@link #TSO4} or {@link #TSO6}. */
    ECN(NetConstants.VIRTIO_NET_F_GUEST_ECN, NetConstants.VIRTIO_NET_F_HOST_ECN),
    /** Fragmentation of UDP. */
    UFO(NetConstants.VIRTIO_NET_F_GUEST_UFO, NetConstants.VIRTIO_NET_F_HOST_UFO),
    /** Segmentation of UDP over IPv4. */
    USO4(NetConstants.VIRTIO_NET_F_GUEST_USO4, NetConstants.VIRTIO_NET_F_HOST_USO),
    /** Segmentation of UDP over IPv6; the direction to the host does not tell it from {@link #USO4}. */
    USO6(NetConstants.VIRTIO_NET_F_GUEST_USO6, NetConstants.VIRTIO_NET_F_HOST_USO);

    private final int guestFeature;
    private final int hostFeature;

    NetOffload(int guestFeature, int hostFeature) {
        this.guestFeature = guestFeature;
        this.hostFeature = hostFeature;
    }

    /** The features to offer for a backend that can do {@code offloads} in both directions; what needs others comes only with them. */
    static long features(Set<NetOffload> offloads) {
        Set<NetOffload> complete = complete(offloads);
        long features = 0;
        for (NetOffload offload : complete) {
            features |= VirtioFeatures.mask(offload.guestFeature) | VirtioFeatures.mask(offload.hostFeature);
        }
        if (!complete.contains(USO4) || !complete.contains(USO6)) {
            features &= ~VirtioFeatures.mask(NetConstants.VIRTIO_NET_F_HOST_USO);
        }
        return features;
    }

    /** The offloads towards the guest in a mask of feature bits. */
    static Set<NetOffload> ofGuestFeatures(long features) {
        Set<NetOffload> offloads = EnumSet.noneOf(NetOffload.class);
        for (NetOffload offload : values()) {
            if ((features & VirtioFeatures.mask(offload.guestFeature)) != 0) {
                offloads.add(offload);
            }
        }
        return complete(offloads);
    }

    /** The bits of all offloads towards the guest. */
    static long guestFeatures() {
        long features = 0;
        for (NetOffload offload : values()) {
            features |= VirtioFeatures.mask(offload.guestFeature);
        }
        return features;
    }

    /** Section 5.1.3.1: what needs another feature does not count without it. */
    private static Set<NetOffload> complete(Set<NetOffload> offloads) {
        if (!offloads.contains(CSUM)) {
            return EnumSet.noneOf(NetOffload.class);
        }
        Set<NetOffload> complete = EnumSet.copyOf(offloads);
        if (!complete.contains(TSO4) && !complete.contains(TSO6)) {
            complete.remove(ECN);
        }
        return complete;
    }
}
