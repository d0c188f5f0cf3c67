package io.vmm4j.core.boot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Kernel images small enough to read: the fewest bytes that pass, to be damaged one field at a time. */
final class FakeKernels {

    static final int MIB = 1 << 20;
    static final int ELF_CODE_OFFSET = 0x1000;
    static final int ELF_CODE_SIZE = 0x2345;
    static final int BZIMAGE_SETUP = 5 * 512;
    static final int BZIMAGE_CODE_SIZE = 0x3000;

    private FakeKernels() {
    }

    /**
     * A 64-bit x86 ELF executable with one segment at 1 MiB, 0x2345 bytes in the file and 0x4000 in memory, entered at
     * 0x100010, whose program header is at offset 64; and room for a second program header behind it.
     */
    static ByteBuffer elf() {
        ByteBuffer elf = ByteBuffer.allocate(ELF_CODE_OFFSET + ELF_CODE_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
        elf.putShort(16, (short) 2).putShort(18, (short) 62).putInt(20, 1);
        elf.putLong(24, 0x100010).putLong(32, 64);
        elf.putShort(52, (short) 64).putShort(54, (short) 56).putShort(56, (short) 1);
        programHeader(elf, 0, ELF_CODE_OFFSET, 0x100000, ELF_CODE_SIZE, 0x4000);
        for (int i = 0; i < ELF_CODE_SIZE; i++) {
            elf.put(ELF_CODE_OFFSET + i, (byte) (i * 7 + 1));
        }
        return elf;
    }

    static void programHeader(ByteBuffer elf, int index, long offset, long physical, long fileSize, long memorySize) {
        int at = 64 + index * 56;
        elf.putInt(at, 1).putInt(at + 4, 7).putLong(at + 8, offset).putLong(at + 16, 0xffffffff80000000L + physical)
                .putLong(at + 24, physical).putLong(at + 32, fileSize).putLong(at + 40, memorySize).putLong(at + 48, 0x1000);
    }

    /**
     * A bzImage of protocol 2.15 with four setup sectors and 0x3000 bytes of code, that wants to run at 16 MiB and
     * takes 2 MiB there, a command line of 2047 bytes, and an initrd anywhere.
     */
    static ByteBuffer bzImage() {
        ByteBuffer image = ByteBuffer.allocate(BZIMAGE_SETUP + BZIMAGE_CODE_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        image.put(0x1f1, (byte) 4).putInt(0x1f4, BZIMAGE_CODE_SIZE / 16).putShort(0x1fe, (short) 0xaa55);
        image.put(0x200, (byte) 0xeb).put(0x201, (byte) 0x6a).putInt(0x202, 0x53726448).putShort(0x206, (short) 0x020f);
        image.put(0x211, (byte) 1).putInt(0x22c, 0x7fffffff).putInt(0x230, 0x200000).put(0x234, (byte) 1);
        image.putShort(0x236, (short) 3).putInt(0x238, 2047).putLong(0x258, 0x1000000).putInt(0x260, 0x200000);
        for (int i = 0; i < BZIMAGE_CODE_SIZE; i++) {
            image.put(BZIMAGE_SETUP + i, (byte) (i * 5 + 3));
        }
        return image;
    }

    static Path write(Path directory, ByteBuffer image) throws IOException {
        return Files.write(directory.resolve("kernel"), image.array());
    }
}
