package io.vmm4j.devices.virtio.rng;

/**
 * What an entropy device has done since it was made.
 *
 * @param requests      requests that got random bytes
 * @param bytes         bytes in them
 * @param hostFails     requests that ended without bytes because the host had none to give
 * @param throttled     times that a request had to wait for the rate limit
 * @param notifications times that the driver asked for the queue to be looked at
 */
public record RngStatistics(long requests, long bytes, long hostFails, long throttled, long notifications) {
}
