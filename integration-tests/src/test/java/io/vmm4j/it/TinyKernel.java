package io.vmm4j.it;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A kernel of a few bytes, put together by hand: an ELF file whose one segment is 64-bit code at 1 MiB. Small enough
 * for a KVM that emulates every instruction.
 */
final class TinyKernel {

    private static final int ELF_HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final long LOAD_ADDRESS = 0x100000;

    private static final int NOTE = 24;

    private final ByteArrayOutputStream code = new ByteArrayOutputStream();
    private boolean hasPvhNote;

    /** Asks to be entered by the PVH ABI, and hangs unless that has been done: the code is 32-bit code from here on. */
    TinyKernel enteredByPvh() {
        hasPvhNote = true;
        // cmp dword [ebx], 336ec578; jne .; xor eax, eax; inc eax (in 64-bit code a prefix); nop; cmp eax, 1; jne .
        return bytes(0x81, 0x3B, 0x78, 0xC5, 0x6E, 0x33, 0x75, 0xFE, 0x31, 0xC0, 0x40, 0x90, 0x83, 0xF8, 0x01, 0x75, 0xFE);
    }

    /** Waits until a bit of {@code mask} is set in what a port reads. */
    TinyKernel awaitBits(int port, int mask) {
        // mov dx, port; poll: in al, dx; test al, mask; jz poll
        return port(port).bytes(0xEC, 0xA8, mask, 0x74, 0xFB);
    }

    /** Reads a byte from a port and goes on, unless it is another than {@code expected}: then hangs. */
    TinyKernel expect(int port, int expected) {
        // mov dx, port; in al, dx; cmp al, expected; jne .
        return port(port).bytes(0xEC, 0x3C, expected, 0x75, 0xFE);
    }

    /** {@code mov dx, port; mov ax, value; out dx, ax}. */
    TinyKernel out16(int port, int value) {
        return port(port).bytes(0x66, 0xB8, value & 0xFF, value >> 8, 0x66, 0xEF);
    }

    /** {@code mov edx, port; mov eax, value; out dx, eax}. */
    TinyKernel out32(int port, int value) {
        return port(port).bytes(0xB8).word(value).bytes(0xEF);
    }

    /** Reads 32 bits from a port and goes on, unless they are others than {@code expected}: then hangs. */
    TinyKernel expect32(int port, int expected) {
        // in eax, dx; cmp eax, expected; jne .
        return port(port).bytes(0xED, 0x3D).word(expected).bytes(0x75, 0xFE);
    }

    /** Reads 32 bits from a port until they are {@code expected}. */
    TinyKernel await32(int port, int expected) {
        // mov dx, port; poll: in eax, dx; cmp eax, expected; jne poll
        return port(port).bytes(0xED, 0x3D).word(expected).bytes(0x75, 0xF8);
    }

    TinyKernel word(int value) {
        return bytes(value & 0xFF, value >>> 8 & 0xFF, value >>> 16 & 0xFF, value >>> 24);
    }

    /** {@code out dx, al} with constants. */
    TinyKernel out(int port, int octet) {
        return port(port).bytes(0xB0, octet, 0xEE);
    }

    /** Prints on the first serial port. */
    TinyKernel print(String text) {
        return print(0x3f8, text);
    }

    /** Prints on a serial port. */
    TinyKernel print(int port, String text) {
        port(port);
        for (byte octet : text.getBytes(StandardCharsets.US_ASCII)) {
            bytes(0xB0, octet, 0xEE);
        }
        return this;
    }

    /** Prints {@code count} bytes on the first serial port, each once its transmitter is empty: 0, 1 and so on, after 255 from 0 on. */
    TinyKernel flood(int count) {
        // mov ecx, count; xor ebx, ebx; next: mov dx, 3fd; poll: in al, dx; test al, 20; jz poll
        return bytes(0xB9).word(count).bytes(0x31, 0xDB).port(0x3fd).bytes(0xEC, 0xA8, 0x20, 0x74, 0xFB)
                // mov dx, 3f8; mov eax, ebx; out dx, al; inc bl; dec ecx; jnz next
                .port(0x3f8).bytes(0x89, 0xD8, 0xEE, 0xFE, 0xC3, 0xFF, 0xC9, 0x75, 0xEA);
    }

    /** Writes a byte to a port {@code count} times. */
    TinyKernel repeat(int port, int octet, int count) {
        // mov ecx, count; mov dx, port; mov al, octet; next: out dx, al; dec ecx; jnz next
        return bytes(0xB9).word(count).port(port).bytes(0xB0, octet, 0xEE, 0xFF, 0xC9, 0x75, 0xFB);
    }

    /** Sends back what arrives on the first serial port, up to and including {@code last}. */
    TinyKernel echoUntil(char last) {
        // poll: mov dx, 3fd; in al, dx; test al, 1; jz poll; mov dx, 3f8; in al, dx; out dx, al; cmp al, last; jne poll
        return bytes(0x66, 0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x01, 0x74, 0xF7,
                0x66, 0xBA, 0xF8, 0x03, 0xEC, 0xEE, 0x3C, last, 0x75, 0xED);
    }

    /** Copies bytes from a port to the first serial port, up to and including {@code last}. */
    TinyKernel printFrom(int port, char last) {
        // next: mov dx, port; in al, dx; mov dx, 3f8; out dx, al; cmp al, last; jne next
        return port(port).bytes(0xEC).port(0x3f8).bytes(0xEE, 0x3C, last, 0x75, 0xF2);
    }

    /** Reads a port and prints the byte's distance from 0xFF, as a letter from A on. */
    TinyKernel printDistanceFromAllOnes(int port) {
        // in al, dx; not al; add al, 'A'
        return port(port).bytes(0xEC, 0xF6, 0xD0, 0x04, 'A').port(0x3f8).bytes(0xEE);
    }

    /** Reads the Device ID in the first virtio-mmio window and prints it, as a letter from A on for 0. */
    TinyKernel printFirstDeviceId() {
        // mov eax, [rbx+8]; add al, 'A'
        return mapFirstWindow().bytes(0x8B, 0x43, 0x08, 0x04, 'A').port(0x3f8).bytes(0xEE);
    }

    /** Maps the fourth GiB through a page directory of its own, and leaves the address of the first virtio-mmio window in RBX. */
    TinyKernel mapFirstWindow() {
        // mov eax, 200003; mov [a018], rax; mov eax, c0000083; mov [200000], rax; mov ebx, c0001000
        bytes(0xB8, 0x03, 0x00, 0x20, 0x00, 0x48, 0x89, 0x04, 0x25, 0x18, 0xA0, 0x00, 0x00);
        bytes(0xB8, 0x83, 0x00, 0x00, 0xC0, 0x48, 0x89, 0x04, 0x25, 0x00, 0x00, 0x20, 0x00);
        return bytes(0xBB, 0x00, 0x10, 0x00, 0xC0);
    }

    /** Writes a 32-bit register of the mapped window. */
    TinyKernel writeRegister(int offset, int value) {
        // mov dword [rbx+offset], value
        return bytes(0xC7, 0x83).word(offset).word(value);
    }

    /** Reads a 32-bit register of the mapped window. */
    TinyKernel readRegister(int offset) {
        // mov eax, [rbx+offset]
        return bytes(0x8B, 0x83).word(offset);
    }

    /** Brings the first virtio device to DRIVER_OK, with an empty queue 0 of 16 elements at 4 MiB, and notifies that. */
    TinyKernel startFirstDevice() {
        return startDevice(0);
    }

    /** As {@link #startFirstDevice()}, for the device whose window is {@code offset} bytes behind the first. */
    TinyKernel startDevice(int offset) {
        mapFirstWindow().writeRegister(offset + 0x070, 1).writeRegister(offset + 0x070, 3);
        writeRegister(offset + 0x024, 1).writeRegister(offset + 0x020, 1).writeRegister(offset + 0x070, 11);
        writeRegister(offset + 0x030, 0).writeRegister(offset + 0x038, 16).writeRegister(offset + 0x080, 0x400000);
        writeRegister(offset + 0x090, 0x401000).writeRegister(offset + 0x0a0, 0x402000).writeRegister(offset + 0x044, 1);
        return writeRegister(offset + 0x070, 15).writeRegister(offset + 0x050, 0);
    }

    /** Writes a byte to a guest-physical address, in code that was {@link #enteredByPvh}. */
    TinyKernel store(int gpa, int octet) {
        // mov eax, gpa; mov byte [eax], octet
        return bytes(0xB8).word(gpa).bytes(0xC6, 0x00, octet);
    }

    /** Reset by the keyboard controller, then waits for it. */
    TinyKernel reset() {
        return out(0x64, 0xFE).spin();
    }

    /** {@code jmp .} */
    TinyKernel spin() {
        return bytes(0xEB, 0xFE);
    }

    /** {@code hlt} for ever, interrupts off. */
    TinyKernel halt() {
        return bytes(0xFA, 0xF4, 0xEB, 0xFD);
    }

    /** Loads an empty IDT and takes an exception: a triple fault. */
    TinyKernel tripleFault() {
        // push 0; push 0; lidt [rsp]; ud2
        return bytes(0x6A, 0x00, 0x6A, 0x00, 0x0F, 0x01, 0x1C, 0x24, 0x0F, 0x0B);
    }

    private TinyKernel port(int port) {
        return bytes(0x66, 0xBA, port & 0xFF, port >> 8);
    }

    TinyKernel bytes(int... octets) {
        for (int octet : octets) {
            code.write(octet);
        }
        return this;
    }

    /** Writes the kernel as an ELF file. */
    Path writeTo(Path file) throws IOException {
        int codeOffset = ELF_HEADER + 2 * PROGRAM_HEADER + NOTE;
        ByteBuffer elf = ByteBuffer.allocate(codeOffset + code.size()).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(new byte[] {0x7F, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        elf.putShort((short) 2).putShort((short) 62).putInt(1);
        elf.putLong(LOAD_ADDRESS).putLong(ELF_HEADER).putLong(0).putInt(0);
        elf.putShort((short) ELF_HEADER).putShort((short) PROGRAM_HEADER).putShort((short) (hasPvhNote ? 2 : 1));
        elf.putShort((short) 0).putShort((short) 0).putShort((short) 0);
        elf.putInt(1).putInt(5);
        elf.putLong(codeOffset).putLong(LOAD_ADDRESS).putLong(LOAD_ADDRESS);
        elf.putLong(code.size()).putLong(code.size()).putLong(0x1000);
        elf.putInt(4).putInt(4);
        elf.putLong(ELF_HEADER + 2 * PROGRAM_HEADER).putLong(0).putLong(0).putLong(NOTE).putLong(NOTE).putLong(4);
        // XEN_ELFNOTE_PHYS32_ENTRY
        elf.putInt(4).putInt(8).putInt(18).put(new byte[] {'X', 'e', 'n', 0}).putLong(LOAD_ADDRESS);
        elf.put(code.toByteArray());
        return Files.write(file, elf.array());
    }
}
