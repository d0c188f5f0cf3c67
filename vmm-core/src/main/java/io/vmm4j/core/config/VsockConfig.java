package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.charset.StandardCharsets;

/**
 * Stream sockets between the guest and programs of the host ({@code vsock}).
 *
 * @param guestCid the guest's context ID, {@value #MIN_GUEST_CID} to {@value #MAX_GUEST_CID}; it may be the same in several
 *                 machines, as each has a socket of its own
 * @param udsPath  the Unix stream socket to create, for programs that connect to the guest; the guest's connections to port
 *                 N of the host go to the socket of this name with {@code _N} behind it
 * @param vsockId  Firecracker's name for the device, or {@code null}; without effect
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record VsockConfig(
        @JsonProperty("guest_cid") Long guestCid,
        @JsonProperty("uds_path") String udsPath,
        @JsonProperty("vsock_id") String vsockId) {

    /** The smallest context ID a guest may have; those below are the hypervisor's, the loopback's and the host's. */
    public static final long MIN_GUEST_CID = 3;
    /** The largest; the one above means any. */
    public static final long MAX_GUEST_CID = 0xFFFF_FFFEL;

    void check(Problems problems) {
        problems.require(udsPath != null && !udsPath.isEmpty(), "vsock.uds_path", "the path of a socket to create is required");
        int length = udsPath == null ? 0 : udsPath.getBytes(StandardCharsets.UTF_8).length;
        problems.require(length <= SerialConfig.MAX_SOCKET_PATH, "vsock.uds_path",
                "socket path \"" + udsPath + "\" of " + length + " bytes is above the limit of " + SerialConfig.MAX_SOCKET_PATH);
        problems.requirePath(udsPath, "vsock.uds_path", "vsock socket");
        problems.require(guestCid != null, "vsock.guest_cid", "a guest CID is required");
        problems.require(guestCid == null || guestCid >= MIN_GUEST_CID && guestCid <= MAX_GUEST_CID, "vsock.guest_cid",
                "guest CID " + guestCid + " is not within " + MIN_GUEST_CID + " to " + MAX_GUEST_CID);
    }
}
