package io.vmm4j.core.vhostuser;

import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.VirtioFeatures;
import io.vmm4j.devices.virtio.net.MacAddress;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntConsumer;

/**
 * A network device with one pair of queues, virtio 1.2 section 5.1. Its configuration space is ours: the hardware address, the MTU, and the link,
 * which is up while a back end serves the guest and nobody has pulled the cable.
 */
final class NetShape implements DeviceShape {

    /** Section 5.1.3, of the back end: checksums, segmentation, merged buffers. */
    private static final int[] BACK_END_FEATURES = {0, 1, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    private static final int VIRTIO_NET_F_MTU = 3;
    private static final int VIRTIO_NET_F_MAC = 5;
    private static final int VIRTIO_NET_F_STATUS = 16;
    /* Section 5.1.4: { u8 mac[6]; le16 status; le16 max_virtqueue_pairs; le16 mtu; } */
    private static final int CONFIG_LENGTH = 12;
    private static final int CONFIG_STATUS = 6;
    private static final int CONFIG_PAIRS = 8;
    private static final int CONFIG_MTU = 10;
    private static final int VIRTIO_NET_S_LINK_UP = 1;

    private final Optional<MacAddress> mac;
    private final OptionalInt mtu;
    private final int queueSize;
    private final ByteConfigSpace space = new ByteConfigSpace(CONFIG_LENGTH);
    private boolean isServed;
    private volatile boolean isPlugged = true;

    NetShape(Optional<MacAddress> mac, OptionalInt mtu, int queueSize) {
        this.mac = mac;
        this.mtu = mtu;
        this.queueSize = queueSize;
        mac.ifPresent(address -> {
            for (int i = 0; i < MacAddress.LENGTH; i++) {
                space.put(i, 1, address.value() >>> 8 * i & 0xFF);
            }
        });
        space.put(CONFIG_PAIRS, Short.BYTES, 1);
        mtu.ifPresent(bytes -> space.put(CONFIG_MTU, Short.BYTES, bytes));
    }

    @Override
    public VirtioDeviceType type() {
        return VirtioDeviceType.NET;
    }

    @Override
    public long offered(long backEnd) {
        long theirs = Arrays.stream(BACK_END_FEATURES).mapToLong(VirtioFeatures::mask).reduce(0, (a, b) -> a | b);
        return backEnd & theirs | VirtioFeatures.mask(VIRTIO_NET_F_STATUS)
                | (mac.isPresent() ? VirtioFeatures.mask(VIRTIO_NET_F_MAC) : 0) | (mtu.isPresent() ? VirtioFeatures.mask(VIRTIO_NET_F_MTU) : 0);
    }

    @Override
    public int[] queueSizes() {
        return new int[] {queueSize, queueSize};
    }

    /** Pairs. */
    @Override
    public int queueCount() {
        return 1;
    }

    @Override
    public ConfigSpace configSpace() {
        return space;
    }

    @Override
    public MacAddress mac() {
        return mac.orElseGet(() -> new MacAddress(0));
    }

    @Override
    public boolean setServed(boolean served) {
        isServed = served;
        return showLink();
    }

    @Override
    public boolean setPlugged(boolean plugged) {
        isPlugged = plugged;
        return showLink();
    }

    @Override
    public boolean isLinkUp() {
        return (space.read(CONFIG_STATUS, Short.BYTES) & VIRTIO_NET_S_LINK_UP) != 0;
    }

    private boolean showLink() {
        return space.put(CONFIG_STATUS, Short.BYTES, isServed && isPlugged ? VIRTIO_NET_S_LINK_UP : 0);
    }

    @Override
    public void prepare(BackEnd backEnd) throws VhostUserException {
        if (mtu.isPresent()) {
            backEnd.setMtu(mtu.getAsInt());
        }
    }

    @Override
    public void reset() {
        // The driver sets nothing.
    }

    @Override
    public void onDriverWrite(IntConsumer onWrite) {
        // Nothing of it is the driver's to write.
    }
}
