package io.vmm4j.core.acpi;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.testing.GuestRam;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/** Finds ACPI tables in guest memory as a kernel does: root pointer, XSDT, what that lists, and the FADT's DSDT. */
final class AcpiDump {

    private static final long RSDP = 0xe0000;

    private final GuestMemory memory;

    AcpiDump(GuestMemory memory) {
        this.memory = memory;
    }

    /** The tables by signature, each whole. */
    Map<String, byte[]> tables() throws GuestMemoryException {
        Map<String, byte[]> tables = new LinkedHashMap<>();
        long xsdt = memory.readU64(RSDP + 24);
        byte[] root = add(tables, xsdt);
        for (int at = 36; at < root.length; at += 8) {
            add(tables, memory.readU64(xsdt + at));
        }
        byte[] fadt = tables.get("FACP");
        add(tables, u64(fadt, 140));
        return tables;
    }

    private byte[] add(Map<String, byte[]> tables, long address) throws GuestMemoryException {
        byte[] table = GuestRam.get(memory, address, (int) memory.readU32(address + 4));
        tables.put(new String(table, 0, 4), table);
        return table;
    }

    static int sum(byte[] bytes) {
        return IntStream.range(0, bytes.length).map(i -> bytes[i]).sum() & 0xFF;
    }

    static int u8(byte[] table, int offset) {
        return table[offset] & 0xFF;
    }

    static int u16(byte[] table, int offset) {
        return u8(table, offset) | u8(table, offset + 1) << 8;
    }

    static long u32(byte[] table, int offset) {
        return u16(table, offset) | (long) u16(table, offset + 2) << 16;
    }

    static long u64(byte[] table, int offset) {
        return u32(table, offset) | u32(table, offset + 4) << 32;
    }
}
