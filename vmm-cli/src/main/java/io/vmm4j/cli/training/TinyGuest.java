package io.vmm4j.cli.training;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The smallest useful guest: a kernel that prints one byte on COM1 and resets the machine, by the keyboard controller or,
 * where there is none, by a triple fault. An ELF64 with the PVH note, so that monitors of either protocol take it: its
 * code means the same in 32-bit and in 64-bit mode.
 */
public final class TinyGuest {

    /** The byte it prints. */
    public static final char GREETING = 'x';

    private static final int LOAD_ADDRESS = 0x100000;
    private static final int CODE_OFFSET = 0x1000;
    private static final int NOTE_OFFSET = 0x1100;
    private static final int ELF_HEADER_SIZE = 64;
    private static final int PROGRAM_HEADER_SIZE = 56;
    private static final int PT_LOAD = 1;
    private static final int PT_NOTE = 4;
    private static final int READ_EXECUTE = 5;
    private static final int READ = 4;
    private static final short ET_EXEC = 2;
    private static final short EM_X86_64 = 62;
    private static final int XEN_ELFNOTE_PHYS32_ENTRY = 18;

    private static final byte[] CODE = {
        (byte) 0xFA,                                    // cli
        0x66, (byte) 0xBA, (byte) 0xF8, 0x03,           // mov dx, 0x3f8
        (byte) 0xB0, GREETING,                          // mov al, GREETING
        (byte) 0xEE,                                    // out dx, al
        0x66, (byte) 0xBA, 0x64, 0x00,                  // mov dx, 0x64
        (byte) 0xB0, (byte) 0xFE,                       // mov al, 0xfe: pulse the reset line
        (byte) 0xEE,                                    // out dx, al
        0x0F, 0x0B,                                     // ud2: without a handler, a triple fault
    };

    private TinyGuest() {
    }

    /** The kernel image. */
    public static byte[] image() {
        ByteBuffer note = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN)
                .putInt(4).putInt(Integer.BYTES).putInt(XEN_ELFNOTE_PHYS32_ENTRY)
                .put("Xen\0".getBytes(StandardCharsets.US_ASCII)).putInt(LOAD_ADDRESS);
        ByteBuffer image = ByteBuffer.allocate(NOTE_OFFSET + note.capacity()).order(ByteOrder.LITTLE_ENDIAN);
        image.put(new byte[] {0x7F, 'E', 'L', 'F', 2, 1, 1}).position(16);
        image.putShort(ET_EXEC).putShort(EM_X86_64).putInt(1)
                .putLong(LOAD_ADDRESS)                  // e_entry
                .putLong(ELF_HEADER_SIZE)               // e_phoff
                .putLong(0).putInt(0)                   // e_shoff, e_flags
                .putShort((short) ELF_HEADER_SIZE).putShort((short) PROGRAM_HEADER_SIZE).putShort((short) 2)
                .putShort((short) 0).putShort((short) 0).putShort((short) 0);
        programHeader(image, PT_LOAD, READ_EXECUTE, CODE_OFFSET, LOAD_ADDRESS, CODE.length);
        programHeader(image, PT_NOTE, READ, NOTE_OFFSET, LOAD_ADDRESS + NOTE_OFFSET - CODE_OFFSET, note.capacity());
        image.position(CODE_OFFSET).put(CODE).position(NOTE_OFFSET).put(note.flip());
        return image.array();
    }

    private static void programHeader(ByteBuffer image, int type, int flags, long offset, long address, long size) {
        image.putInt(type).putInt(flags).putLong(offset).putLong(address).putLong(address).putLong(size).putLong(size)
                .putLong(1);
    }

    /** Writes the image to the file that is the only argument. */
    public static void main(String[] args) throws IOException {
        Files.write(Path.of(args[0]), image());
    }
}
