package io.vmm4j.examples;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A kernel of some bytes, put together by hand: 64-bit code at 1 MiB in an ELF file. Runs on every KVM, in no time. */
final class TinyGuest {

    private static final int COM1 = 0x3f8;
    private static final int HEADERS = 64 + 56;
    private static final long LOAD_ADDRESS = 0x100000;

    private final ByteArrayOutputStream code = new ByteArrayOutputStream();

    private TinyGuest bytes(int... octets) {
        for (int octet : octets) {
            code.write(octet);
        }
        return this;
    }

    private TinyGuest word(long value) {
        return bytes((int) value & 0xFF, (int) value >>> 8 & 0xFF, (int) value >>> 16 & 0xFF, (int) value >>> 24);
    }

    private TinyGuest port(int port) {
        return bytes(0x66, 0xBA, port & 0xFF, port >> 8);
    }

    TinyGuest print(String text) {
        port(COM1);
        for (byte octet : text.getBytes(StandardCharsets.US_ASCII)) {
            bytes(0xB0, octet, 0xEE);
        }
        return this;
    }

    /** Sends back what is typed, up to and with {@code last}. */
    TinyGuest echoUntil(char last) {
        return bytes(0x66, 0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x01, 0x74, 0xF7, 0x66, 0xBA, 0xF8, 0x03, 0xEC, 0xEE, 0x3C, last, 0x75, 0xED);
    }

    /** Reads 16 bits from a port and prints the lower eight. */
    TinyGuest print16(int port) {
        return port(port).bytes(0x66, 0xED).port(COM1).bytes(0xEE);
    }

    TinyGuest out16(int port, int value) {
        return port(port).bytes(0x66, 0xB8, value & 0xFF, value >> 8, 0x66, 0xEF);
    }

    /** Waits for an edge of interrupt 10, which the second interrupt controller's request register shows. */
    TinyGuest awaitInterrupt10() {
        return port(0xA0).bytes(0xB0, 0x0A, 0xEE, 0xEC, 0xA8, 0x04, 0x74, 0xFB);
    }

    /** Writes 32 bits to an address below 1 GiB: {@code mov dword [address], value}. */
    TinyGuest store(long address, long value) {
        return bytes(0xC7, 0x04, 0x25).word(address).word(value);
    }

    /** Waits until the 16 bits at an address are {@code value}: {@code cmp word [address], value; jne}. */
    TinyGuest await16(long address, int value) {
        return bytes(0x66, 0x81, 0x3C, 0x25).word(address).bytes(value & 0xFF, value >> 8, 0x75, 0xF4);
    }

    /** Prints {@code count} bytes from an address. */
    TinyGuest printMemory(long address, int count) {
        port(COM1);
        for (int i = 0; i < count; i++) {
            bytes(0x8A, 0x04, 0x25).word(address + i).bytes(0xEE);
        }
        return this;
    }

    /** Maps the fourth GiB, and leaves the address of the virtio window {@code number} in RBX. */
    TinyGuest mapWindow(int number) {
        bytes(0xB8, 0x03, 0x00, 0x20, 0x00, 0x48, 0x89, 0x04, 0x25, 0x18, 0xA0, 0x00, 0x00);
        bytes(0xB8, 0x83, 0x00, 0x00, 0xC0, 0x48, 0x89, 0x04, 0x25, 0x00, 0x00, 0x20, 0x00);
        return bytes(0xBB).word(0xC000_1000L + number * 0x1000L);
    }

    /** Writes a register of the mapped window. */
    TinyGuest register(int offset, long value) {
        return bytes(0xC7, 0x83).word(offset).word(value);
    }

    TinyGuest reset() {
        return port(0x64).bytes(0xB0, 0xFE, 0xEE, 0xEB, 0xFE);
    }

    Path writeTo(Path file) throws IOException {
        ByteBuffer elf = ByteBuffer.allocate(HEADERS + code.size()).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(new byte[] {0x7F, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        elf.putShort((short) 2).putShort((short) 62).putInt(1).putLong(LOAD_ADDRESS).putLong(64).putLong(0).putInt(0);
        elf.putShort((short) 64).putShort((short) 56).putShort((short) 1).putShort((short) 0).putShort((short) 0).putShort((short) 0);
        elf.putInt(1).putInt(5).putLong(HEADERS).putLong(LOAD_ADDRESS).putLong(LOAD_ADDRESS);
        elf.putLong(code.size()).putLong(code.size()).putLong(0x1000);
        return Files.write(file, elf.put(code.toByteArray()).array());
    }
}
