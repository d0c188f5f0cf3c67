package io.vmm4j.devices.virtio.balloon;

import io.vmm4j.devices.virtio.VirtioActivation;

/**
 * Which virtqueue is which. The specification numbers them 2, 3 and 4 whether the ones before exist or not (virtio 1.2, section
 * 5.5.2); Linux numbers those that exist one after another. The queues that the driver enabled tell which it does.
 *
 * @param stats     index of statsq, or -1
 * @param hinting   index of free_page_vq, or -1
 * @param reporting index of reporting_vq, or -1
 */
record BalloonQueues(int stats, int hinting, int reporting) {

    static final int NONE = -1;

    static BalloonQueues of(VirtioActivation activation) {
        boolean[] exists = {
            activation.hasFeature(BalloonConstants.VIRTIO_BALLOON_F_STATS_VQ),
            activation.hasFeature(BalloonConstants.VIRTIO_BALLOON_F_FREE_PAGE_HINT),
            activation.hasFeature(BalloonConstants.VIRTIO_BALLOON_F_PAGE_REPORTING),
        };
        boolean fixed = true;
        for (int i = 0; i < exists.length; i++) {
            fixed &= !exists[i] || activation.queues().get(BalloonConstants.QUEUE_OPTIONAL + i) != null;
        }
        int[] indices = new int[exists.length];
        int next = BalloonConstants.QUEUE_OPTIONAL;
        for (int i = 0; i < exists.length; i++) {
            int place = fixed ? BalloonConstants.QUEUE_OPTIONAL + i : next;
            indices[i] = exists[i] ? place : NONE;
            next += exists[i] ? 1 : 0;
        }
        return new BalloonQueues(indices[0], indices[1], indices[2]);
    }
}
