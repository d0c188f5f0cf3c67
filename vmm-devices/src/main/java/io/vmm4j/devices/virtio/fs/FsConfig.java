package io.vmm4j.devices.virtio.fs;

import java.nio.charset.StandardCharsets;

/**
 * What a file system device is like.
 *
 * @param tag           by which the guest mounts it, 1 to {@value FsConstants#TAG_LENGTH} bytes of UTF-8
 * @param requestQueues 1 to {@value FsConstants#MAX_REQUEST_QUEUES}
 * @param queueSize     elements of each queue, a power of two
 */
public record FsConfig(String tag, int requestQueues, int queueSize) {

    /** @throws IllegalArgumentException when the tag or the number of queues is out of range */
    public FsConfig {
        int length = tag.getBytes(StandardCharsets.UTF_8).length;
        if (length < 1 || length > FsConstants.TAG_LENGTH) {
            throw new IllegalArgumentException("tag \"" + tag + "\" of " + length + " bytes is not within 1 to " + FsConstants.TAG_LENGTH);
        }
        if (requestQueues < 1 || requestQueues > FsConstants.MAX_REQUEST_QUEUES) {
            throw new IllegalArgumentException(requestQueues + " request queues are not within 1 to " + FsConstants.MAX_REQUEST_QUEUES);
        }
    }
}
