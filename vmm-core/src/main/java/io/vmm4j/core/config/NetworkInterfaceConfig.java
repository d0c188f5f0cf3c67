package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.vmm4j.devices.virtio.net.MacAddress;
import java.nio.charset.StandardCharsets;

/**
 * A network device on a tap interface of the host (one element of {@code network-interfaces}).
 *
 * @param ifaceId       name, unique among the interfaces: at most 255 characters that can be printed
 * @param hostDevName   the tap interface, 1 to 15 bytes; it exists, and is made for this user or used by root
 * @param guestMac      the guest's hardware address, six hex fields; {@code null} = the guest makes one up
 * @param mtu           largest packet the guest is told to send, 68 to 65535; {@code null} = what the tap
 *                      has at the machine's start
 * @param rxRateLimiter limits frames for the guest, or {@code null}
 * @param txRateLimiter limits frames from the guest, or {@code null}
 * @param queuePairs    pairs of a receive and a transmit queue, 1 to 16; more than 1 needs a tap made with
 *                      {@code multi_queue}; default 1
 * @param queueSize     largest size of each queue: a power of two from 32 to 1024; default 256
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record NetworkInterfaceConfig(
        @JsonProperty("iface_id") String ifaceId,
        @JsonProperty("host_dev_name") String hostDevName,
        @JsonProperty("guest_mac") String guestMac,
        @JsonProperty("mtu") Integer mtu,
        @JsonProperty("rx_rate_limiter") RateLimiterConfig rxRateLimiter,
        @JsonProperty("tx_rate_limiter") RateLimiterConfig txRateLimiter,
        @JsonProperty("queue_pairs") Integer queuePairs,
        @JsonProperty("queue_size") Integer queueSize) {

    /** Each pair is a buffer of 64 KiB and two timers on the event loop. */
    public static final int MAX_QUEUE_PAIRS = 16;
    /** Entries of each queue when nothing is said. */
    public static final int DEFAULT_QUEUE_SIZE = 256;

    private static final int MAX_NAME = 15;
    private static final int MIN_MTU = 68;
    private static final int MAX_MTU = 65535;
    /** Linux sends nothing while fewer elements are free than its largest frame has pieces: 17 and two more. */
    private static final int MIN_QUEUE_SIZE = 32;
    private static final int MAX_QUEUE_SIZE = 1024;

    public NetworkInterfaceConfig {
        queuePairs = queuePairs == null ? Integer.valueOf(1) : queuePairs;
        queueSize = queueSize == null ? Integer.valueOf(DEFAULT_QUEUE_SIZE) : queueSize;
    }

    /** An interface with one pair of queues and no limits. */
    public static NetworkInterfaceConfig of(String ifaceId, String tap, String guestMac) {
        return new NetworkInterfaceConfig(ifaceId, tap, guestMac, null, null, null, null, null);
    }

    void check(String key, Problems problems) {
        problems.requireId(ifaceId, key + ".iface_id", "interface");
        checkTapName(key + ".host_dev_name", problems);
        checkMac(key + ".guest_mac", problems);
        problems.require(mtu == null || mtu >= MIN_MTU && mtu <= MAX_MTU, key + ".mtu",
                "MTU " + mtu + " is not in " + MIN_MTU + ".." + MAX_MTU);
        problems.require(queuePairs >= 1 && queuePairs <= MAX_QUEUE_PAIRS, key + ".queue_pairs",
                queuePairs + " queue pairs are not in 1.." + MAX_QUEUE_PAIRS);
        problems.require(queueSize >= MIN_QUEUE_SIZE && queueSize <= MAX_QUEUE_SIZE && Integer.bitCount(queueSize) == 1,
                key + ".queue_size", "queue size " + queueSize + " is not a power of two in " + MIN_QUEUE_SIZE + ".." + MAX_QUEUE_SIZE);
        RateLimiterConfig.check(rxRateLimiter, key + ".rx_rate_limiter", problems);
        RateLimiterConfig.check(txRateLimiter, key + ".tx_rate_limiter", problems);
    }

    /** What the kernel takes for the name of an interface. */
    private void checkTapName(String key, Problems problems) {
        if (hostDevName == null || hostDevName.isEmpty()) {
            problems.add(key, "a tap interface is required");
            return;
        }
        int length = hostDevName.getBytes(StandardCharsets.UTF_8).length;
        problems.require(length <= MAX_NAME, key, "tap name \"" + hostDevName + "\" of " + length + " bytes is above the limit of " + MAX_NAME);
        boolean isName = !hostDevName.equals(".") && !hostDevName.equals("..") && hostDevName.matches("[^/:%\\s\\p{Cntrl}]+");
        problems.require(isName, key, "tap name \"" + hostDevName + "\" must be without slash, colon, percent sign and white space");
    }

    private void checkMac(String key, Problems problems) {
        if (guestMac == null) {
            return;
        }
        try {
            MacAddress address = MacAddress.parse(guestMac);
            problems.require(!address.isMulticast(), key, "hardware address " + guestMac
                    + " is a multicast address: the lowest bit of its first field must be 0");
            // Linux does not let an interface with it come up.
            problems.require(address.value() != 0, key, "hardware address " + guestMac + " is no device's");
        } catch (IllegalArgumentException e) {
            problems.add(key, e.getMessage());
        }
    }
}
