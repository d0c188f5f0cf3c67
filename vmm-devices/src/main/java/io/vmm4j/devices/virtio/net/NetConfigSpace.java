package io.vmm4j.devices.virtio.net;

import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;

/** struct virtio_net_config, virtio 1.2 section 5.1.4. The driver can write none of it. Thread-safe. */
final class NetConfigSpace implements ConfigSpace {

    private static final int MAC_LOW_LENGTH = 4;

    private final ByteConfigSpace bytes = new ByteConfigSpace(NetConstants.CONFIG_LENGTH);
    private int status = NetConstants.VIRTIO_NET_S_LINK_UP;

    NetConfigSpace(NetConfig config) {
        config.mac().ifPresent(this::setMac);
        bytes.put(NetConstants.CONFIG_STATUS, Short.BYTES, status);
        bytes.put(NetConstants.CONFIG_MAX_VIRTQUEUE_PAIRS, Short.BYTES, config.queuePairs());
        config.mtu().ifPresent(mtu -> bytes.put(NetConstants.CONFIG_MTU, Short.BYTES, mtu));
    }

    @Override
    public long read(long offset, int width) {
        return bytes.read(offset, width);
    }

    @Override
    public void write(long offset, int width, long value) {
        bytes.write(offset, width, value);
    }

    @Override
    public int generation() {
        return bytes.generation();
    }

    /** A driver that reads between the two halves sees the generation move. */
    synchronized void setMac(MacAddress mac) {
        bytes.put(NetConstants.CONFIG_MAC, MAC_LOW_LENGTH, mac.value());
        bytes.put(NetConstants.CONFIG_MAC + MAC_LOW_LENGTH, MacAddress.LENGTH - MAC_LOW_LENGTH, mac.value() >>> 8 * MAC_LOW_LENGTH);
    }

    synchronized MacAddress mac() {
        return new MacAddress(bytes.read(NetConstants.CONFIG_MAC, Long.BYTES) & (1L << 8 * MacAddress.LENGTH) - 1);
    }

    /** Sets or clears a bit of status. Returns whether that changed it. */
    synchronized boolean setStatus(int bit, boolean set) {
        status = set ? status | bit : status & ~bit;
        return bytes.put(NetConstants.CONFIG_STATUS, Short.BYTES, status);
    }

    synchronized boolean hasStatus(int bit) {
        return (status & bit) != 0;
    }
}
