package io.vmm4j.cli.training;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The smallest useful guest: a kernel that prints one byte on COM1 and resets the machine, by the keyboard controller or,
 * where there is none, by a triple fault. Its code means the same in 32-bit and in 64-bit mode.
 */
public final class TinyGuest {

    /** How it comes, and what it does then. */
    public enum Kind {
        /** An ELF64 with the PVH note, so that monitors of either protocol take it. */
        PVH,
        /** An ELF64 without: entered in 64-bit mode. */
        ELF64,
        /** A bzImage, entered in 64-bit mode. */
        BZIMAGE,
        /** As {@link #PVH}, but in place of the reset it halts for good. */
        HALTING
    }

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

    /** Linux' Documentation/arch/x86/boot.rst: a boot sector's size, and the 64-bit entry behind the load address. */
    private static final int SECTOR = 512;
    private static final int ENTRY_64 = 0x200;
    private static final int PARAGRAPH = 16;

    private static final byte[] GREET = {
        (byte) 0xFA,                                    // cli
        0x66, (byte) 0xBA, (byte) 0xF8, 0x03,           // mov dx, 0x3f8
        (byte) 0xB0, GREETING,                          // mov al, GREETING
        (byte) 0xEE,                                    // out dx, al
    };
    private static final byte[] RESET = {
        0x66, (byte) 0xBA, 0x64, 0x00,                  // mov dx, 0x64
        (byte) 0xB0, (byte) 0xFE,                       // mov al, 0xfe: pulse the reset line
        (byte) 0xEE,                                    // out dx, al
        0x0F, 0x0B,                                     // ud2: without a handler, a triple fault
    };
    private static final byte[] HALT = {
        (byte) 0xF4,                                    // hlt
        (byte) 0xEB, (byte) 0xFD,                       // jmp back to it
    };

    private TinyGuest() {
    }

    /** The kernel image. */
    public static byte[] image(Kind kind) {
        byte[] code = code(kind == Kind.HALTING ? HALT : RESET);
        return kind == Kind.BZIMAGE ? bzImage(code) : elf(code, kind != Kind.ELF64);
    }

    private static byte[] code(byte[] end) {
        return ByteBuffer.allocate(GREET.length + end.length).put(GREET).put(end).array();
    }

    private static byte[] elf(byte[] code, boolean hasNote) {
        ByteBuffer note = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN)
                .putInt(4).putInt(Integer.BYTES).putInt(XEN_ELFNOTE_PHYS32_ENTRY)
                .put("Xen\0".getBytes(StandardCharsets.US_ASCII)).putInt(LOAD_ADDRESS);
        ByteBuffer image = ByteBuffer.allocate(NOTE_OFFSET + note.capacity()).order(ByteOrder.LITTLE_ENDIAN);
        image.put(new byte[] {0x7F, 'E', 'L', 'F', 2, 1, 1}).position(16);
        image.putShort(ET_EXEC).putShort(EM_X86_64).putInt(1)
                .putLong(LOAD_ADDRESS)                  // e_entry
                .putLong(ELF_HEADER_SIZE)               // e_phoff
                .putLong(0).putInt(0)                   // e_shoff, e_flags
                .putShort((short) ELF_HEADER_SIZE).putShort((short) PROGRAM_HEADER_SIZE).putShort((short) (hasNote ? 2 : 1))
                .putShort((short) 0).putShort((short) 0).putShort((short) 0);
        programHeader(image, PT_LOAD, READ_EXECUTE, CODE_OFFSET, LOAD_ADDRESS, code.length);
        if (hasNote) {
            programHeader(image, PT_NOTE, READ, NOTE_OFFSET, LOAD_ADDRESS + NOTE_OFFSET - CODE_OFFSET, note.capacity());
        }
        image.position(CODE_OFFSET).put(code).position(NOTE_OFFSET).put(note.flip());
        return image.array();
    }

    /** A boot sector and one of setup, of which only the header is there, and the protected-mode part, which is loaded at 1 MiB. */
    private static byte[] bzImage(byte[] code) {
        int setup = 2 * SECTOR;
        int payload = ENTRY_64 + PARAGRAPH + (code.length + PARAGRAPH - 1) / PARAGRAPH * PARAGRAPH;
        ByteBuffer image = ByteBuffer.allocate(setup + payload).order(ByteOrder.LITTLE_ENDIAN);
        image.put(0x1F1, (byte) 1)                      // setup_sects
                .putInt(0x1F4, payload / PARAGRAPH)     // syssize
                .putShort(0x1FE, (short) 0xAA55)        // boot_flag
                .putShort(0x200, (short) 0x6AEB)        // jump over the header
                .putInt(0x202, 0x53726448)              // header: HdrS
                .putShort(0x206, (short) 0x020F)        // version 2.15
                .put(0x211, (byte) 1)                   // loadflags: LOADED_HIGH
                .putInt(0x214, LOAD_ADDRESS)            // code32_start
                .putInt(0x22C, Integer.MAX_VALUE)       // initrd_addr_max
                .putInt(0x230, LOAD_ADDRESS)            // kernel_alignment
                .putShort(0x236, (short) 1)             // xloadflags: XLF_KERNEL_64
                .putInt(0x238, 2047)                    // cmdline_size
                .putLong(0x258, LOAD_ADDRESS)           // pref_address
                .putInt(0x260, LOAD_ADDRESS);           // init_size
        image.position(setup + ENTRY_64).put(code);
        return image.array();
    }

    private static void programHeader(ByteBuffer image, int type, int flags, long offset, long address, long size) {
        image.putInt(type).putInt(flags).putLong(offset).putLong(address).putLong(address).putLong(size).putLong(size)
                .putLong(1);
    }

    /** Writes the image to the file that is the first argument; the second names its kind, or it is {@link Kind#PVH}. */
    public static void main(String[] args) throws IOException {
        Files.write(Path.of(args[0]), image(args.length > 1 ? Kind.valueOf(args[1]) : Kind.PVH));
    }
}
