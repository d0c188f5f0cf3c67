package io.vmm4j.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/**
 * One element of {@code --virnets}, under dbs-cli's keys. {@code num_queues} counts receive and transmit queues. The hints
 * {@code use_shared_irq} and {@code use_generic_irq} are taken and change nothing: every device has an interrupt of its own.
 * So is {@code allow_duplicate_mac}, which all of dbs-cli's examples have: two interfaces with one address are refused anyway.
 *
 * <p>{@code stream}, {@code user}, {@code publish}, {@code tap} and {@code vhost_user} are not dbs-cli's: what a device stands on in place of a tap that is there.
 *
 * <p>The keys of a backend may also stand beside the others, as in the older examples of dbs-cli's own README.
 */
record DbsNetDevice(
        @JsonProperty("num_queues") Integer numQueues,
        @JsonProperty("queue_size") Integer queueSize,
        @JsonProperty("guest_mac") String guestMac,
        @JsonProperty("use_shared_irq") Boolean useSharedIrq,
        @JsonProperty("use_generic_irq") Boolean useGenericIrq,
        @JsonProperty("backend") Backend backend,
        @JsonProperty("iface_id") String ifaceId,
        @JsonProperty("host_dev_name") String hostDevName,
        @JsonProperty("rx_rate_limiter") RateLimiterConfig rxRateLimiter,
        @JsonProperty("tx_rate_limiter") RateLimiterConfig txRateLimiter,
        @JsonProperty("allow_duplicate_mac") Boolean allowDuplicateMac,
        @JsonProperty("stream") String stream,
        @JsonProperty("user") Boolean user,
        @JsonProperty("publish") List<String> publish,
        @JsonProperty("tap") Boolean tap,
        @JsonProperty("vhost_user") String vhostUser) {

    /** What the device stands on. */
    record Backend(
            @JsonProperty("type") String type,
            @JsonProperty("iface_id") String ifaceId,
            @JsonProperty("host_dev_name") String hostDevName,
            @JsonProperty("rx_rate_limiter") RateLimiterConfig rxRateLimiter,
            @JsonProperty("tx_rate_limiter") RateLimiterConfig txRateLimiter,
            @JsonProperty("allow_duplicate_mac") Boolean allowDuplicateMac,
            @JsonProperty("sock_path") String sockPath,
            @JsonProperty("stream") String stream,
            @JsonProperty("user") Boolean user,
            @JsonProperty("publish") List<String> publish,
            @JsonProperty("tap") Boolean tap,
            @JsonProperty("vhost_user") String vhostUser) {
    }

    /** What it stands on, wherever that was said; {@code null} where it was not. */
    Backend anyBackend() {
        return isFlat() ? new Backend(null, ifaceId, hostDevName, rxRateLimiter, txRateLimiter, allowDuplicateMac, null, stream, user,
                publish, tap, vhostUser) : backend;
    }

    /** Whether the keys of the backend stand beside the others. */
    boolean isFlat() {
        return backend == null && hasBackendKeys();
    }

    private boolean hasBackendKeys() {
        return Stream.of(ifaceId, hostDevName, rxRateLimiter, txRateLimiter, allowDuplicateMac, stream, user, publish, tap, vhostUser)
                .anyMatch(Objects::nonNull);
    }

    /** Tells what is missing or not supported, as a field and a message. */
    void refuse(BiConsumer<String, String> problems) {
        if (numQueues != null && numQueues % 2 != 0) {
            problems.accept("num_queues", numQueues + " queues are no pairs of a receive and a transmit queue");
        }
        if (isFlat()) {
            return;
        }
        if (hasBackendKeys()) {
            problems.accept("backend", "there is a backend, and keys of one beside it");
        }
        if (backend == null) {
            problems.accept("backend", "a backend is required: {\"type\": \"virtio\", \"iface_id\": …, \"host_dev_name\": …}");
            return;
        }
        if (backend.type != null && !backend.type.equals("virtio")) {
            problems.accept("backend.type", "backend type \"" + backend.type + "\" is not supported: only virtio is");
        }
        if (backend.sockPath != null) {
            problems.accept("backend.sock_path", "a socket \"" + backend.sockPath
                    + "\" for back ends to connect to is not supported: give vhost_user, the socket of one that listens");
        }
    }

    /** As the configuration has it; 0 stands for a default. Only with a backend. */
    NetworkInterfaceConfig toInterface() {
        Backend on = anyBackend();
        boolean hasQueues = numQueues != null && numQueues != 0;
        boolean hasSize = queueSize != null && queueSize != 0;
        return new NetworkInterfaceConfig(on.ifaceId, on.hostDevName, guestMac, null, on.rxRateLimiter,
                on.txRateLimiter, hasQueues ? (Integer) (numQueues / 2) : null, hasSize ? queueSize : null, on.stream, on.user,
                on.publish, on.tap, on.vhostUser);
    }
}
