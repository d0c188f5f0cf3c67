package io.vmm4j.devices.virtio.net;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * What is chosen about a network device.
 *
 * @param mac        its hardware address; absent = the guest makes one up
 * @param mtu        largest packet that the guest shall send, 68 to 65535; absent = it is not told
 * @param queuePairs pairs of a receive and a transmit queue, 1 to 128
 * @param queueSize  largest size of each of them: a power of two from 16 to 1024
 */
public record NetConfig(Optional<MacAddress> mac, OptionalInt mtu, int queuePairs, int queueSize) {

    private static final int MAX_PAIRS = 128;
    private static final int MIN_QUEUE_SIZE = 16;
    private static final int MAX_QUEUE_SIZE = 1024;
    private static final int DEFAULT_QUEUE_SIZE = 256;

    /** @throws IllegalArgumentException when a bound above is broken, or the address is a multicast one */
    public NetConfig {
        if (mac.isPresent() && mac.get().isMulticast()) {
            throw new IllegalArgumentException("hardware address " + mac.get() + " is a multicast address");
        }
        if (mtu.isPresent() && (mtu.getAsInt() < NetConstants.MIN_MTU || mtu.getAsInt() > NetConstants.MAX_MTU)) {
            throw new IllegalArgumentException("MTU " + mtu.getAsInt() + " is not within " + NetConstants.MIN_MTU + " to " + NetConstants.MAX_MTU);
        }
        if (queuePairs < 1 || queuePairs > MAX_PAIRS) {
            throw new IllegalArgumentException(queuePairs + " queue pairs are not within 1 to " + MAX_PAIRS);
        }
        if (queueSize < MIN_QUEUE_SIZE || queueSize > MAX_QUEUE_SIZE || Integer.bitCount(queueSize) != 1) {
            throw new IllegalArgumentException(
                "queue size " + queueSize + " is not a power of two from " + MIN_QUEUE_SIZE + " to " + MAX_QUEUE_SIZE);
        }
    }

    /** One pair of queues of 256, no MTU. */
    public static NetConfig of(MacAddress mac) {
        return new NetConfig(Optional.of(mac), OptionalInt.empty(), 1, DEFAULT_QUEUE_SIZE);
    }
}
