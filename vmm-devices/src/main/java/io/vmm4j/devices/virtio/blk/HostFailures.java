package io.vmm4j.devices.virtio.blk;

/** Hears of a host that fails a block device. */
@FunctionalInterface
public interface HostFailures {

    /** Nobody hears. */
    HostFailures UNHEARD = (number, error) -> { };

    /**
     * A request could not be carried out, and the driver is told VIRTIO_BLK_S_IOERR. Called for the 1st, 2nd, 4th, 8th failure
     * of a device and so on, on the queue's loop; must not block.
     *
     * @param number which failure of the device it is, from 1
     * @param error  what the host said
     */
    void failed(long number, String error);
}
