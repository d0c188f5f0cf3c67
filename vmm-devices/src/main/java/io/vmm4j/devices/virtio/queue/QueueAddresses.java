package io.vmm4j.devices.virtio.queue;

/**
 * Where a driver put a queue, guest-physical, in the words that split and packed rings share (virtio 1.2, section 2.6).
 *
 * @param size   elements
 * @param desc   descriptor area: the descriptor table, or the packed descriptor ring
 * @param driver driver area: the available ring, or the driver event suppression structure
 * @param device device area: the used ring, or the device event suppression structure
 */
public record QueueAddresses(int size, long desc, long driver, long device) {
}
