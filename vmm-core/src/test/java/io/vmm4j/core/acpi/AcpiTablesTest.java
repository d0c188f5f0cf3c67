package io.vmm4j.core.acpi;

import static io.vmm4j.core.acpi.AcpiDump.u16;
import static io.vmm4j.core.acpi.AcpiDump.u32;
import static io.vmm4j.core.acpi.AcpiDump.u64;
import static io.vmm4j.core.acpi.AcpiDump.u8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.boot.MpTable;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.GuestRam;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Offsets and values are those of the ACPI 6.5 specification. */
class AcpiTablesTest {

    private static final long START = 0x9fd01;

    private final GuestMemory memory = GuestRam.of(1 << 20);

    private Map<String, byte[]> write(int[] apicIds, VirtioMmioSlot... slots) throws Exception {
        AcpiTables.write(memory, START, apicIds, apicIds.length, List.of(slots), 0);
        return new AcpiDump(memory).tables();
    }

    private static int[] ids(int count) {
        return IntStream.range(0, count).toArray();
    }

    @Test
    void theRootPointerIsFoundByBothItsChecksums() throws Exception {
        write(ids(1));
        byte[] pointer = GuestRam.get(memory, 0xe0000, 36);
        assertEquals("RSD PTR ", new String(pointer, 0, 8, StandardCharsets.US_ASCII));
        assertEquals(2, u8(pointer, 15));
        assertEquals(36, u32(pointer, 20));
        assertEquals(0, AcpiDump.sum(Arrays.copyOf(pointer, 20)), "ACPI 1.0 part");
        assertEquals(0, AcpiDump.sum(pointer), "whole");
    }

    @Test
    void everyTableHasItsLengthAndChecksum() throws Exception {
        Map<String, byte[]> tables = write(ids(3), VirtioMmioSlot.of(0, 5));
        assertEquals(List.of("XSDT", "FACP", "APIC", "DSDT"), new ArrayList<>(tables.keySet()));
        tables.forEach((signature, table) -> {
            assertEquals(0, AcpiDump.sum(table), signature);
            assertEquals("VMM4J ", new String(table, 10, 6, StandardCharsets.US_ASCII), signature);
        });
    }

    @Test
    void tablesLieBetweenTheStartAndTheRootPointer() throws Exception {
        long end = AcpiTables.write(memory, START, ids(288), 288, List.of(), 0);
        assertTrue(memory.readU64(0xe0000 + 24) > START);
        assertTrue(end <= 0xe0000);
        assertEquals(0, memory.readU8(START), "aligned up");
    }

    @Test
    void theTablesOfTheLargestMachineFitBehindItsMpTable() throws Exception {
        int[] apicIds = ids(MachineConfig.MAX_VCPU_COUNT);
        List<VirtioMmioSlot> slots = IntStream.range(0, 16).mapToObj(i -> VirtioMmioSlot.of(i, 5 + i)).toList();
        long end = AcpiTables.write(memory, MpTable.write(memory, apicIds), apicIds, 1, slots, 0);
        assertTrue(end <= 0xe0000, () -> Long.toHexString(end));
        long allSpare = AcpiTables.write(memory, MpTable.write(memory, apicIds), apicIds, 1, List.of(), 16);
        assertTrue(allSpare <= 0xe0000, () -> Long.toHexString(allSpare));
    }

    @Test
    void aSlotsTableFitsItsPlaceAndTellsItselfFromTheNext() {
        byte[] table = SlotTable.of(15, VirtioMmioSlot.of(15, 23), 1);
        assertTrue(table.length <= 0x100, () -> table.length + " bytes");
        assertEquals(0, AcpiDump.sum(table));
        assertEquals(0xe2f00, SlotTable.address(15));
        assertFalse(Arrays.equals(table, SlotTable.of(15, VirtioMmioSlot.of(15, 23), 2)), "a kernel loads no table twice");
    }

    @Test
    void tablesThatDoNotFitAreNotWrittenOverTheRootPointer() {
        assertThrows(IllegalStateException.class, () -> AcpiTables.write(memory, 0xdff00, ids(1), 1, List.of(), 0));
        assertThrows(IllegalStateException.class, () -> AcpiTables.write(memory, START, ids(20_000), 20_000, List.of(), 0));
    }

    @Test
    void theMachineIsHardwareReduced() throws Exception {
        byte[] fadt = write(ids(1)).get("FACP");
        assertEquals(276, fadt.length);
        assertEquals(6, u8(fadt, 8));
        assertEquals(5, u8(fadt, 131), "version 6.5");
        long flags = u32(fadt, 112);
        assertEquals(1, flags >>> 20 & 1, "HW_REDUCED_ACPI");
        assertEquals(1, flags >>> 10 & 1, "RESET_REG_SUP");
        assertEquals(3, flags >>> 4 & 3, "no fixed power and sleep buttons");
        assertEquals(u64(fadt, 140), u32(fadt, 40), "both pointers to the DSDT");
        assertArrayEquals(new byte[60], Arrays.copyOfRange(fadt, 148, 208), "no fixed event registers");
    }

    @Test
    void legacyDevicesAreThereAndVgaIsNot() throws Exception {
        byte[] fadt = write(ids(1)).get("FACP");
        assertEquals(0b000111, u16(fadt, 109), "legacy devices, i8042, no VGA, MSI allowed, a CMOS clock");
        assertEquals(0x32, u8(fadt, 108), "the clock's century register");
    }

    @Test
    void sleepAndResetArePorts() throws Exception {
        byte[] fadt = write(ids(1)).get("FACP");
        byte[] port = {1, 8, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0};
        port[4] = 2;
        assertArrayEquals(port, Arrays.copyOfRange(fadt, 116, 128), "RESET_REG at 0x602");
        assertEquals(1, u8(fadt, 128), "RESET_VALUE");
        port[4] = 0;
        assertArrayEquals(port, Arrays.copyOfRange(fadt, 244, 256), "SLEEP_CONTROL_REG at 0x600");
        port[4] = 1;
        assertArrayEquals(port, Arrays.copyOfRange(fadt, 256, 268), "SLEEP_STATUS_REG at 0x601");
    }

    /** Structures of the MADT, in order. */
    private static List<byte[]> structures(byte[] madt) {
        List<byte[]> structures = new ArrayList<>();
        for (int at = 44; at < madt.length; at += u8(madt, at + 1)) {
            structures.add(Arrays.copyOfRange(madt, at, at + u8(madt, at + 1)));
        }
        return structures;
    }

    @Test
    void theMadtListsVcpusIoApicAndNmi() throws Exception {
        byte[] madt = write(new int[] {0, 2}).get("APIC");
        assertEquals(0xFEE00000L, u32(madt, 36));
        List<byte[]> structures = structures(madt);
        assertEquals(4, structures.size());
        assertArrayEquals(new byte[] {0, 8, 0, 0, 1, 0, 0, 0}, structures.get(0));
        assertArrayEquals(new byte[] {0, 8, 1, 2, 1, 0, 0, 0}, structures.get(1));
        assertArrayEquals(new byte[] {1, 12, 0, 0, 0, 0, (byte) 0xC0, (byte) 0xFE, 0, 0, 0, 0}, structures.get(2));
        assertArrayEquals(new byte[] {4, 6, (byte) 0xFF, 0, 0, 1}, structures.get(3));
    }

    @Test
    void idsFrom255OnHaveX2ApicEntriesAndNo8259GoesWithThem() throws Exception {
        byte[] madt = write(new int[] {254, 255, 300}).get("APIC");
        assertEquals(0, u32(madt, 40), "PCAT_COMPAT");
        List<byte[]> structures = structures(madt);
        assertArrayEquals(new byte[] {0, 8, 0, (byte) 254, 1, 0, 0, 0}, structures.get(0));
        assertArrayEquals(new byte[] {9, 16, 0, 0, (byte) 255, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}, structures.get(1));
        assertArrayEquals(new byte[] {9, 16, 0, 0, 0x2c, 1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0}, structures.get(2));
        assertArrayEquals(new byte[] {10, 12, 0, 0, -1, -1, -1, -1, 1, 0, 0, 0}, structures.get(5), "their NMI");
    }

    @Test
    void vcpusThatMayComeLaterAreOnlineCapableAndNotEnabled() throws Exception {
        AcpiTables.write(memory, START, new int[] {0, 1, 300}, 1, List.of(), 0);
        List<byte[]> structures = structures(new AcpiDump(memory).tables().get("APIC"));
        assertArrayEquals(new byte[] {0, 8, 0, 0, 1, 0, 0, 0}, structures.get(0));
        assertArrayEquals(new byte[] {0, 8, 1, 1, 2, 0, 0, 0}, structures.get(1));
        assertArrayEquals(new byte[] {9, 16, 0, 0, 0x2c, 1, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0}, structures.get(2));
    }
}
