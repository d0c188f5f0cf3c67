package io.vmm4j.api;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Kernels of a few instructions, as ELF files with the PVH note. */
final class TinyKernel {

    private static final int LOAD_ADDRESS = 0x100000;
    private static final int CODE_OFFSET = 0x1000;
    private static final int NOTE_OFFSET = 0x1100;
    private static final int COUNTER = 0x200000;
    private static final int COUNT_PAUSE = 3_000_000;

    private TinyKernel() {
    }

    /** Prints HELLO on COM1 and resets by the keyboard controller. */
    static byte[] hello() {
        ByteBuffer code = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        code.put(bytes(0xFA, 0x66, 0xBA, 0xF8, 0x03));                      // cli; mov dx, 0x3f8
        for (char c : "HELLO\n".toCharArray()) {
            code.put(bytes(0xB0, c, 0xEE));                                 // mov al, c; out dx, al
        }
        code.put(bytes(0x66, 0xBA, 0x64, 0x00, 0xB0, 0xFE, 0xEE, 0xF4));    // mov dx, 0x64; mov al, 0xfe; out dx, al; hlt
        return elf(code);
    }

    /** Halts for ever. */
    static byte[] spin() {
        return elf(ByteBuffer.allocate(64).put(bytes(0xFA, 0xF4, 0xEB, 0xFD)));    // cli; hlt; jmp to the hlt
    }

    /** Counts in a byte of memory at 2 MiB, and prints each number on COM1, the first being 1; with pauses between. */
    static byte[] count() {
        ByteBuffer code = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        code.put(bytes(0xFA, 0x66, 0xBA, 0xF8, 0x03));                      // cli; mov dx, 0x3f8
        int loop = code.position();
        code.put(bytes(0xFE, 0x05)).putInt(COUNTER);                        // inc byte [COUNTER]
        code.put(bytes(0xA0)).putInt(COUNTER);                              // mov al, [COUNTER]
        code.put(bytes(0xEE, 0xB9)).putInt(COUNT_PAUSE);                    // out dx, al; mov ecx, COUNT_PAUSE
        code.put(bytes(0x49, 0x75, 0xFD));                                  // dec ecx; jnz there
        return elf(code.put(bytes(0xEB, loop - code.position() - 2)));      // jmp loop
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static byte[] elf(ByteBuffer code) {
        ByteBuffer note = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN).putInt(4).putInt(4).putInt(18)
                .put("Xen\0".getBytes(StandardCharsets.US_ASCII)).putInt(LOAD_ADDRESS);
        ByteBuffer image = ByteBuffer.allocate(NOTE_OFFSET + note.capacity()).order(ByteOrder.LITTLE_ENDIAN);
        image.put(new byte[] {0x7F, 'E', 'L', 'F', 2, 1, 1}).position(16);
        image.putShort((short) 2).putShort((short) 62).putInt(1).putLong(LOAD_ADDRESS).putLong(64).putLong(0).putInt(0)
                .putShort((short) 64).putShort((short) 56).putShort((short) 2).putShort((short) 0).putShort((short) 0).putShort((short) 0);
        header(image, 1, 5, CODE_OFFSET, LOAD_ADDRESS, code.position());
        header(image, 4, 4, NOTE_OFFSET, LOAD_ADDRESS + NOTE_OFFSET - CODE_OFFSET, note.capacity());
        image.position(CODE_OFFSET).put(code.flip()).position(NOTE_OFFSET).put(note.flip());
        return image.array();
    }

    private static void header(ByteBuffer image, int type, int flags, long offset, long address, long size) {
        image.putInt(type).putInt(flags).putLong(offset).putLong(address).putLong(address).putLong(size).putLong(size).putLong(1);
    }
}
