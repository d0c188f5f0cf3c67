package io.vmm4j.devices.ioapic;

/** Registers of the 82093AA, datasheet chapter 3. */
final class IoApicRegisters {

    // Memory-mapped, section 3.1.

    /** RW. Bits 7 to 0: the register that the window shows. */
    static final int IOREGSEL = 0x00;
    /** RW. The window. */
    static final int IOWIN = 0x10;

    // Indirect, section 3.2.

    /** RW. Bits 27 to 24: identification. */
    static final int IOAPICID = 0x00;
    /** RO. Bits 7 to 0: version; bits 23 to 16: number of the last input. */
    static final int IOAPICVER = 0x01;
    /** RO. Bits 27 to 24: arbitration priority, which follows the identification. */
    static final int IOAPICARB = 0x02;
    /** RW. The first of two registers an input, low half first. */
    static final int IOREDTBL = 0x10;

    static final int ID_MASK = 0x0F00_0000;
    static final int VERSION = 0x11;
    static final int LAST_INPUT_SHIFT = 16;

    // A redirection entry, section 3.2.4.

    /** RW. Bits 7 to 0. */
    static final long INTVEC = 0xFF;
    /** RW. Bits 10 to 8: delivery mode, coded as in a message's data. */
    static final long DELMOD = 0x700;
    /** RW. Destination is logical. */
    static final long DESTMOD = 1 << 11;
    /** RO. Delivery status: pending. A message is sent at once, so never. */
    static final long DELIVS = 1 << 12;
    /** RO. Remote IRR: a level has been accepted. There are edges only, so never. */
    static final long REMOTE_IRR = 1 << 14;
    /** RW. */
    static final long MASKED = 1 << 16;
    /** Bits 48 to 17, of which this model has 55 to 49 beyond the datasheet. */
    static final long RESERVED = 0x0001_FFFF_FFFE_0000L;
    /** RW. Bits 63 to 56: destination, bits 7 to 0. */
    static final int DESTINATION_SHIFT = 56;
    /** RW. Bits 55 to 49: destination, bits 14 to 8, for guests that know KVM_FEATURE_MSI_EXT_DEST_ID. */
    static final int EXTENDED_DESTINATION_SHIFT = 49;
    static final long EXTENDED_DESTINATION_MASK = 0x7F;

    static final long WRITABLE = ~(DELIVS | REMOTE_IRR | RESERVED);

    private IoApicRegisters() {
    }
}
