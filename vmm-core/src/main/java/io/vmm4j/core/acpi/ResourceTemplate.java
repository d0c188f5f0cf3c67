package io.vmm4j.core.acpi;

import io.vmm4j.core.boot.TableBytes;

/** Builds the value of a device's {@code _CRS}: the resources it takes (ACPI 6.5, section 6.4). */
final class ResourceTemplate {

    /** 6.4.2.5 I/O port descriptor, small item 8 of 7 bytes. */
    private static final int IO_PORT = 0x47;
    private static final int IO_DECODE_16 = 1;
    private static final int IO_ALIGNMENT = 1;
    /** 6.4.3.4 32-bit fixed memory range descriptor. */
    private static final int MEMORY_32_FIXED = 0x86;
    private static final int MEMORY_32_FIXED_LENGTH = 9;
    private static final int MEMORY_WRITABLE = 1;
    /** 6.4.3.6 Extended interrupt descriptor. */
    private static final int EXTENDED_INTERRUPT = 0x89;
    private static final int EXTENDED_INTERRUPT_LENGTH = 6;
    private static final int INTERRUPT_CONSUMER = 1;
    private static final int INTERRUPT_EDGE = 1 << 1;
    /** 6.4.2.9 End tag; its checksum 0 stands for "none". */
    private static final int END_TAG = 0x79;

    private final TableBytes items = new TableBytes();

    /** {@code length} I/O ports from {@code port} on, decoded with 16 bits. */
    ResourceTemplate io(int port, int length) {
        items.u8(IO_PORT).u8(IO_DECODE_16).u16(port).u16(port).u8(IO_ALIGNMENT).u8(length);
        return this;
    }

    /** A writable window below 4 GiB. */
    ResourceTemplate memory(long base, long length) {
        items.u8(MEMORY_32_FIXED).u16(MEMORY_32_FIXED_LENGTH).u8(MEMORY_WRITABLE).u32(base).u32(length);
        return this;
    }

    /** Interrupt {@code gsi}: edge-triggered, active high, not shared. */
    ResourceTemplate interrupt(int gsi) {
        items.u8(EXTENDED_INTERRUPT).u16(EXTENDED_INTERRUPT_LENGTH).u8(INTERRUPT_CONSUMER | INTERRUPT_EDGE).u8(1).u32(gsi);
        return this;
    }

    /** The AML of the template. */
    byte[] toAml() {
        return Aml.buffer(new TableBytes().bytes(items.toByteArray()).u8(END_TAG).u8(0).toByteArray());
    }
}
