package io.vmm4j.core.acpi;

import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.core.layout.VirtioMmioSlot;

/**
 * The table by which a running guest learns of one device: a secondary system description table (ACPI 6.5, section 5.2.11.2) that
 * declares a virtio-mmio window, in its slot's part of the page at {@link AddressMap#SLOT_TABLES}.
 *
 * <p>Guests know a table by its bytes and load none twice, so each has another OEM revision.
 */
public final class SlotTable {

    /** Bytes a slot has for its table. */
    static final int SIZE_MAX = 0x100;
    /** Slots that the page has room for. */
    public static final int COUNT_MAX = 0x1000 / SIZE_MAX;

    private static final int REVISION = 2;

    private SlotTable() {
    }

    /** Guest-physical address of the table of slot {@code number}. */
    public static long address(int number) {
        return AddressMap.SLOT_TABLES + (long) number * SIZE_MAX;
    }

    /**
     * The table that puts a device into slot {@code number}.
     *
     * @param window   where the device is
     * @param revision tells this table from others
     */
    public static byte[] of(int number, VirtioMmioSlot window, int revision) {
        return AcpiTable.of("SSDT", REVISION, revision, Dsdt.virtioMmio(SlotDevices.deviceIn(number), window));
    }
}
