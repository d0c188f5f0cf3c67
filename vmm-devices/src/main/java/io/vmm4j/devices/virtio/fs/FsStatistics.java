package io.vmm4j.devices.virtio.fs;

/**
 * What a file system device has done since it was made.
 *
 * @param requests      requests taken up
 * @param reads         READ requests that were carried out
 * @param readBytes     bytes in them
 * @param writes        WRITE requests that were carried out
 * @param writtenBytes  bytes in them
 * @param refused       requests that were answered with an error, a file that is not there among them
 * @param notifications times that the driver asked for a queue to be looked at
 */
public record FsStatistics(long requests, long reads, long readBytes, long writes, long writtenBytes, long refused, long notifications) {
}
