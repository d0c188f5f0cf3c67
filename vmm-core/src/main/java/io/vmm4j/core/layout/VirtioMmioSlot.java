package io.vmm4j.core.layout;

/**
 * The place of a virtio device in the machine: its register window and its interrupt.
 *
 * @param index number of the window, from 0
 * @param base  guest-physical address of the window
 * @param size  bytes in the window
 * @param gsi   the interrupt, an input of the I/O APIC
 */
public record VirtioMmioSlot(int index, long base, long size, int gsi) {

    private static final int MAX_SLOTS = (int) ((AddressMap.IOAPIC - AddressMap.VIRTIO_MMIO) / AddressMap.VIRTIO_MMIO_SIZE);

    /** Window {@code index} of the {@linkplain AddressMap address map}, with interrupt {@code gsi}. */
    public static VirtioMmioSlot of(int index, int gsi) {
        if (index < 0 || index >= MAX_SLOTS) {
            throw new IllegalArgumentException("virtio-mmio window " + index + " is not one of 0.." + (MAX_SLOTS - 1));
        }
        return new VirtioMmioSlot(index, AddressMap.VIRTIO_MMIO + index * AddressMap.VIRTIO_MMIO_SIZE, AddressMap.VIRTIO_MMIO_SIZE, gsi);
    }
}
