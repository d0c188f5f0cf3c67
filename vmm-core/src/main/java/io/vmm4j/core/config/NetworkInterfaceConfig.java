package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.vmm4j.devices.virtio.net.MacAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A network device (one element of {@code network-interfaces}), on one of these: a tap interface of the host, a tap that is made for
 * the machine, a passt that is started for it, a socket of a program that speaks passt's protocol, or one of a vhost-user back end.
 *
 * @param ifaceId       name, unique among the interfaces: at most 255 characters that can be printed
 * @param hostDevName   a tap interface, 1 to 15 bytes; it exists, and is made for this user or used by root
 * @param guestMac      the guest's hardware address, six hex fields; {@code null} = the guest makes one up
 * @param mtu           largest packet the guest is told to send, 68 to 65535; {@code null} = what the tap
 *                      has at the machine's start, 65520 with passt, nothing said with a socket
 * @param rxRateLimiter limits frames for the guest, or {@code null}
 * @param txRateLimiter limits frames from the guest, or {@code null}
 * @param queuePairs    pairs of a receive and a transmit queue, 1 to 16; more than 1 needs a tap made with
 *                      {@code multi_queue}; default 1
 * @param queueSize     largest size of each queue: a power of two from 32 to 1024; default 256
 * @param stream        the Unix stream socket to connect to, on which each frame has its length before it, 32 bits big endian;
 *                      or {@code null}. One queue pair
 * @param user          whether passt is started, which needs no privileges; {@code null} = false. One queue pair
 * @param publish       with {@code user}, the host's ports that lead into the guest, as {@link PublishedPort#parse} reads them
 * @param tap           whether a tap with an address is made, until the machine has ended; needs CAP_NET_ADMIN; {@code null} = false
 * @param vhostUser     the Unix socket of a vhost-user back end, which serves the queues in place of this process; or {@code null}. One queue
 *                      pair, and no limits
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
        @JsonProperty("queue_size") Integer queueSize,
        @JsonProperty("stream") String stream,
        @JsonProperty("user") Boolean user,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) @JsonProperty("publish") List<String> publish,
        @JsonProperty("tap") Boolean tap,
        @JsonProperty("vhost_user") String vhostUser) {

    /** Each pair is a buffer of 64 KiB and two timers on the event loop. */
    public static final int MAX_QUEUE_PAIRS = 16;
    /** Entries of each queue when nothing is said. */
    public static final int DEFAULT_QUEUE_SIZE = 256;

    /** Ports that one interface publishes at most. */
    public static final int MAX_PUBLISHED = 1024;

    private static final String ONE_OF = "one of host_dev_name, stream, user, tap and vhost_user";
    private static final int MAX_NAME = 15;
    private static final int MIN_MTU = 68;
    private static final int MAX_MTU = 65535;
    /** Linux sends nothing while fewer elements are free than its largest frame has pieces: 17 and two more. */
    private static final int MIN_QUEUE_SIZE = 32;
    private static final int MAX_QUEUE_SIZE = 1024;

    public NetworkInterfaceConfig {
        queuePairs = queuePairs == null ? Integer.valueOf(1) : queuePairs;
        queueSize = queueSize == null ? Integer.valueOf(DEFAULT_QUEUE_SIZE) : queueSize;
        publish = publish == null ? List.of() : List.copyOf(publish);
        user = user != null && user ? user : null;
        tap = tap != null && tap ? tap : null;
    }

    /** An interface that no vhost-user back end serves. */
    public NetworkInterfaceConfig(String ifaceId, String hostDevName, String guestMac, Integer mtu, RateLimiterConfig rxRateLimiter,
            RateLimiterConfig txRateLimiter, Integer queuePairs, Integer queueSize, String stream, Boolean user, List<String> publish, Boolean tap) {
        this(ifaceId, hostDevName, guestMac, mtu, rxRateLimiter, txRateLimiter, queuePairs, queueSize, stream, user, publish, tap, null);
    }

    /** An interface on a tap of the host. */
    public NetworkInterfaceConfig(String ifaceId, String hostDevName, String guestMac, Integer mtu, RateLimiterConfig rxRateLimiter,
            RateLimiterConfig txRateLimiter, Integer queuePairs, Integer queueSize) {
        this(ifaceId, hostDevName, guestMac, mtu, rxRateLimiter, txRateLimiter, queuePairs, queueSize, null, null, null, null);
    }

    /** An interface on a tap of the host, with one pair of queues and no limits. */
    public static NetworkInterfaceConfig of(String ifaceId, String tap, String guestMac) {
        return new NetworkInterfaceConfig(ifaceId, tap, guestMac, null, null, null, null, null);
    }

    /**
     * An interface by passt, which is started with the machine and ends with it.
     *
     * @param publish the host's ports that lead into the guest, as {@link PublishedPort#parse} reads them
     */
    public static NetworkInterfaceConfig user(String ifaceId, String... publish) {
        return new NetworkInterfaceConfig(ifaceId, null, null, null, null, null, null, null, null, true, List.of(publish), null);
    }

    /** An interface on the socket of a program that speaks passt's protocol. */
    public static NetworkInterfaceConfig stream(String ifaceId, String socket) {
        return new NetworkInterfaceConfig(ifaceId, null, null, null, null, null, null, null, socket, null, null, null);
    }

    /** An interface on a tap that is made for the machine and gone with it. */
    public static NetworkInterfaceConfig madeTap(String ifaceId) {
        return new NetworkInterfaceConfig(ifaceId, null, null, null, null, null, null, null, null, null, null, true);
    }

    /** An interface that a vhost-user back end serves, which listens at {@code socket}. */
    public static NetworkInterfaceConfig vhostUser(String ifaceId, String socket) {
        return new NetworkInterfaceConfig(ifaceId, null, null, null, null, null, null, null, null, null, null, null, socket);
    }

    /** The same with another hardware address for the guest; {@code null} = the guest makes one up. */
    public NetworkInterfaceConfig withGuestMac(String mac) {
        return new NetworkInterfaceConfig(ifaceId, hostDevName, mac, mtu, rxRateLimiter, txRateLimiter, queuePairs, queueSize, stream, user,
                publish, tap, vhostUser);
    }

    /** The same with another largest packet. */
    public NetworkInterfaceConfig withMtu(Integer bytes) {
        return new NetworkInterfaceConfig(ifaceId, hostDevName, guestMac, bytes, rxRateLimiter, txRateLimiter, queuePairs, queueSize, stream,
                user, publish, tap, vhostUser);
    }

    /** The same with other limits; {@code null} for none. */
    public NetworkInterfaceConfig withRateLimiters(RateLimiterConfig rx, RateLimiterConfig tx) {
        return new NetworkInterfaceConfig(ifaceId, hostDevName, guestMac, mtu, rx, tx, queuePairs, queueSize, stream, user, publish, tap,
                vhostUser);
    }

    /** The same with other ports of the host that lead into the guest. */
    public NetworkInterfaceConfig withPublish(List<String> ports) {
        return new NetworkInterfaceConfig(ifaceId, hostDevName, guestMac, mtu, rxRateLimiter, txRateLimiter, queuePairs, queueSize, stream,
                user, ports, tap, vhostUser);
    }

    /** The same on what another stands on. */
    public NetworkInterfaceConfig onPortOf(NetworkInterfaceConfig other) {
        return new NetworkInterfaceConfig(ifaceId, other.hostDevName, guestMac, mtu, rxRateLimiter, txRateLimiter, queuePairs, queueSize, other.stream,
                other.user, other.publish, other.tap, other.vhostUser);
    }

    /** The field that says what it stands on: {@code host_dev_name}, {@code stream}, {@code user}, {@code tap} or {@code vhost_user}. */
    public String portField() {
        return vhostUser != null ? "vhost_user" : user != null ? "user" : stream != null ? "stream" : tap != null ? "tap" : "host_dev_name";
    }

    void check(String key, Problems problems) {
        problems.requireId(ifaceId, key + ".iface_id", "interface");
        checkPort(key, problems);
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

    /** What it stands on. */
    private void checkPort(String key, Problems problems) {
        String field = portField();
        long given = Stream.of(hostDevName, stream, user, tap, vhostUser).filter(Objects::nonNull).count();
        if (given > 1) {
            problems.add(key + "." + field, field + " goes without the others: an interface is on " + ONE_OF);
            return;
        }
        problems.require(publish.isEmpty() || user != null, key + ".publish", "publish goes with user: only passt publishes ports");
        if (hostDevName != null || given == 0) {
            checkTapName(key + ".host_dev_name", problems);
            return;
        }
        problems.require(queuePairs == 1, key + ".queue_pairs", queuePairs + " queue pairs are more than the 1 that goes with " + field);
        if (stream != null) {
            problems.require(!stream.isEmpty(), key + ".stream", "the path of a socket is required");
            problems.requirePath(stream, key + ".stream", "stream socket");
        }
        if (vhostUser != null) {
            problems.require(!vhostUser.isEmpty(), key + ".vhost_user", "the path of a socket is required");
            problems.requirePath(vhostUser, key + ".vhost_user", "vhost-user socket");
            String why = " does not go with vhost_user: the back end moves the frames";
            problems.require(rxRateLimiter == null, key + ".rx_rate_limiter", "rx_rate_limiter" + why);
            problems.require(txRateLimiter == null, key + ".tx_rate_limiter", "tx_rate_limiter" + why);
        }
        checkPublished(key + ".publish", problems);
    }

    private void checkPublished(String key, Problems problems) {
        problems.require(publish.size() <= MAX_PUBLISHED, key, publish.size() + " published ports are above the limit of " + MAX_PUBLISHED);
        for (String port : publish) {
            try {
                PublishedPort.parse(port);
            } catch (IllegalArgumentException e) {
                problems.add(key, e.getMessage());
            }
        }
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
