package io.vmm4j.devices.virtio.vsock;

/**
 * What a socket device has done since it was made.
 *
 * @param connections      connections there are now
 * @param guestConnections connections that the guest made
 * @param hostConnections  connections that the host made and the guest accepted
 * @param refused          requests of either side that were refused
 * @param resets           resets sent to the guest
 * @param rxBytes          payload bytes the guest received
 * @param txBytes          payload bytes the guest sent
 * @param malformed        packets of the guest that were ignored: too short, or with foreign addresses
 */
public record VsockStatistics(int connections, long guestConnections, long hostConnections, long refused, long resets,
        long rxBytes, long txBytes, long malformed) {
}
