package io.vmm4j.core.metrics;

/**
 * The first serial port, as its host's end sees it.
 *
 * @param outBytes     bytes from the guest that the console has taken
 * @param inBytes      bytes for the guest that the port has taken
 * @param heldBack     times that the guest found the console without room
 * @param droppedBytes bytes from the guest that were written while the port could not take them
 */
public record SerialMetrics(long outBytes, long inBytes, long heldBack, long droppedBytes) {
}
