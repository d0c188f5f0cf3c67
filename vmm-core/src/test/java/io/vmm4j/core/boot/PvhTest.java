package io.vmm4j.core.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.kvm.abi.KvmRegs;
import io.vmm4j.kvm.abi.KvmSegment;
import io.vmm4j.kvm.abi.KvmSregs;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Numbers are those of the x86/HVM direct boot ABI. */
class PvhTest {

    private static final int LOW_RAM = 64 * FakeKernels.MIB;
    private static final int NOTES = 0x800;

    @TempDir
    private Path directory;

    private static ByteBuffer notes(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer note(ByteBuffer into, String name, int type, byte[] content) {
        byte[] owner = name.getBytes(StandardCharsets.US_ASCII);
        into.putInt(owner.length).putInt(content.length).putInt(type).put(owner);
        into.position(into.position() + 3 & -4);
        into.put(content);
        return into.position(into.position() + 3 & -4);
    }

    private static byte[] u64(long value) {
        return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    }

    private static byte[] u32(int value) {
        return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    }

    @Test
    void theEntryIsFoundBehindOtherNotesInBothWidths() {
        ByteBuffer notes = notes(200);
        note(notes, "GNU\0", 3, new byte[5]);
        note(notes, "Xen\0", 6, "linux\0".getBytes(StandardCharsets.US_ASCII));
        note(notes, "Xen\0", 18, u64(0x1000850));
        assertEquals(OptionalLong.of(0x1000850), PvhNote.entryOf(notes.rewind()));
        assertEquals(OptionalLong.of(0xFFFFFFF0L), PvhNote.entryOf(note(notes(40), "Xen\0", 18, u32(-16)).rewind()));
    }

    @Test
    void notesOfOthersOfOtherTypesAndDamagedOnesAreNoEntry() {
        assertEquals(OptionalLong.empty(), PvhNote.entryOf(notes(0)));
        assertEquals(OptionalLong.empty(), PvhNote.entryOf(notes(64)), "empty notes");
        assertEquals(OptionalLong.empty(), PvhNote.entryOf(note(notes(40), "GNU\0", 18, u64(1)).rewind()));
        assertEquals(OptionalLong.empty(), PvhNote.entryOf(note(notes(40), "Xen\0", 17, u64(1)).rewind()));
        assertEquals(OptionalLong.empty(), PvhNote.entryOf(note(notes(40), "Xen\0", 18, new byte[2]).rewind()));
        ByteBuffer overrun = note(notes(40), "Xen\0", 18, u64(1)).rewind();
        assertEquals(OptionalLong.empty(), PvhNote.entryOf(overrun.putInt(4, -1)), "content beyond the end");
        assertEquals(OptionalLong.empty(), PvhNote.entryOf(overrun.putInt(0, -1)), "a name beyond the end");
    }

    private static ByteBuffer elfWithEntry(long entry) {
        ByteBuffer elf = FakeKernels.elf();
        elf.putShort(56, (short) 2);
        FakeKernels.programHeader(elf, 1, NOTES, 0, 24, 24);
        elf.putInt(64 + 56, 4);
        note(elf.position(NOTES), "Xen\0", 18, u64(entry));
        return elf.clear();
    }

    @Test
    void aKernelWithTheNoteIsEnteredByIt() throws Exception {
        try (KernelImage kernel = KernelImage.open(FakeKernels.write(directory, elfWithEntry(0x100200)), LOW_RAM)) {
            assertEquals(KernelFormat.ELF64_PVH, kernel.format());
            assertEquals(0x100200, kernel.entryPoint());
            assertEquals(0x104000, kernel.endOfKernel());
        }
    }

    @Test
    @Timeout(5)
    void notesNamedOverAndOverDoNotHoldUpTheCheck() throws Exception {
        int headers = 60_000;
        int size = 1 << 20;
        ByteBuffer elf = notes(0x1000 + headers * 56 + size).put(0, FakeKernels.elf().array(), 0, 0x1000);
        elf.putLong(32, 0x1000).putShort(56, (short) headers).put(0x1000, FakeKernels.elf().array(), 64, 56);
        for (int at = 0x1000 + 56; at < 0x1000 + headers * 56; at += 56) {
            elf.putInt(at, 4).putLong(at + 8, 0x1000 + headers * 56).putLong(at + 32, size);
        }
        try (KernelImage kernel = KernelImage.open(FakeKernels.write(directory, elf), LOW_RAM)) {
            assertEquals(KernelFormat.ELF64_LINUX, kernel.format());
        }
    }

    @Test
    void anEntryOutsideTheKernelAndNotesOutsideTheFileAreRefused() throws Exception {
        Path outside = FakeKernels.write(directory, elfWithEntry(0x200000));
        String message = assertThrows(KernelImageException.class, () -> KernelImage.open(outside, LOW_RAM)).getMessage();
        assertTrue(message.contains("PVH entry point 0x200000 outside"), message);
        Path truncated = FakeKernels.write(directory, elfWithEntry(0x100200).putLong(64 + 56 + 8, 1 << 30));
        message = assertThrows(KernelImageException.class, () -> KernelImage.open(truncated, LOW_RAM)).getMessage();
        assertTrue(message.contains("truncated ELF file: its notes"), message);
    }

    @Test
    void theStartInfoPointsToAllThatTheKernelNeeds() throws Exception {
        GuestMemory memory = GuestRam.of(FakeKernels.MIB);
        PvhSetup.writeStartInfo(memory, 4L << 30, 0x7f00000, 0x12345);
        long info = 0x6000;
        assertEquals(0x336ec578L, memory.readU32(info));
        assertEquals(1, memory.readU32(info + 4), "version");
        assertEquals(1, memory.readU32(info + 12), "modules");
        long module = memory.readU64(info + 16);
        assertEquals(0x7f00000, memory.readU64(module));
        assertEquals(0x12345, memory.readU64(module + 8));
        assertEquals(0x20000, memory.readU64(info + 24), "command line");
        assertEquals(0xe0000, memory.readU64(info + 32), "RSDP");
        long map = memory.readU64(info + 40);
        assertEquals(4, memory.readU32(info + 48));
        assertEquals(0x9fc00, memory.readU64(map + 8), "conventional memory");
        assertEquals(2, memory.readU32(map + 24 + 16), "firmware tables are reserved");
        assertEquals(0x1_0000_0000L, memory.readU64(map + 3 * 24), "RAM above the hole");
        assertTrue(map + 4 * 24 <= 0x7000);
    }

    @Test
    void withoutAnInitrdThereIsNoModule() throws Exception {
        GuestMemory memory = GuestRam.of(FakeKernels.MIB);
        PvhSetup.writeStartInfo(memory, 1L << 30, 0, 0);
        assertEquals(0, memory.readU32(0x6000 + 12));
        assertEquals(0, memory.readU64(0x6000 + 16));
    }

    @Test
    void theBootVcpuIsIn32BitProtectedModeWithoutPaging() {
        KvmSregs sregs = new KvmSregs();
        sregs.cr0 = 0x60000010;
        sregs.efer = 0x500;
        PvhSetup.enterProtectedMode(sregs);
        assertEquals(0x11, sregs.cr0);
        assertEquals(0, sregs.cr4);
        assertEquals(0, sregs.efer);
        for (KvmSegment segment : new KvmSegment[] {sregs.cs, sregs.ds, sregs.es, sregs.ss}) {
            assertEquals(0, segment.base);
            assertEquals(-1, segment.limit);
            assertEquals(1, segment.db);
            assertEquals(0, segment.l);
        }
        assertEquals(0x67, sregs.tr.limit);
        assertEquals(0xB, sregs.tr.type);
        KvmRegs regs = PvhSetup.registers(0x1000850);
        assertEquals(0x1000850, regs.rip);
        assertEquals(0x6000, regs.rbx);
        assertEquals(2, regs.rflags);
    }
}
