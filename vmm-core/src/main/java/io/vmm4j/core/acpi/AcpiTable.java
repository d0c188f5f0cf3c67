package io.vmm4j.core.acpi;

import io.vmm4j.core.boot.TableBytes;

/** The header that all ACPI tables share (ACPI 6.5, section 5.2.6). */
final class AcpiTable {

    /** Bytes of the header; a table's own fields begin here. */
    static final int HEADER_SIZE = 36;
    /** Who made the machine, 6 characters. */
    static final String OEM_ID = "VMM4J";

    private static final int CHECKSUM_OFFSET = 9;
    private static final String OEM_TABLE_ID = "VMM4JVM";
    private static final String CREATOR_ID = "VM4J";

    private AcpiTable() {
    }

    /**
     * A complete table.
     *
     * @param signature four characters
     * @param revision  of the table's layout
     * @param body      what follows the header
     */
    static byte[] of(String signature, int revision, byte[] body) {
        return of(signature, revision, 1, body);
    }

    /** As {@link #of(String, int, byte[])}, with an OEM revision of the caller's. */
    static byte[] of(String signature, int revision, int oemRevision, byte[] body) {
        int length = HEADER_SIZE + body.length;
        return new TableBytes().ascii(signature, 4, ' ').u32(length).u8(revision).u8(0)
                .ascii(OEM_ID, 6, ' ').ascii(OEM_TABLE_ID, 8, ' ').u32(oemRevision)
                .ascii(CREATOR_ID, 4, ' ').u32(1)
                .bytes(body).withChecksum(CHECKSUM_OFFSET, length);
    }
}
