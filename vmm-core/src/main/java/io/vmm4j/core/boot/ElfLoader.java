package io.vmm4j.core.boot;

import io.vmm4j.core.layout.AddressMap;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Reads the headers of a 64-bit ELF kernel (System V ABI, chapters 4 and 5) and plans its load at the physical
 * addresses of its program headers: entered by the PVH ABI where the kernel has the note for it, else by the 64-bit boot
 * protocol.
 */
final class ElfLoader {

    private static final int MAGIC = 0x464C457F;
    private static final int EHDR_SIZE = 64;
    private static final int EI_CLASS = 4;
    private static final int EI_DATA = 5;
    private static final int E_TYPE = 16;
    private static final int E_MACHINE = 18;
    private static final int E_ENTRY = 24;
    private static final int E_PHOFF = 32;
    private static final int E_PHENTSIZE = 54;
    private static final int E_PHNUM = 56;

    private static final int ELFCLASS32 = 1;
    private static final int ELFCLASS64 = 2;
    private static final int ELFDATA2LSB = 1;
    private static final int ET_EXEC = 2;
    private static final int ET_DYN = 3;
    private static final int EM_386 = 3;
    private static final int EM_X86_64 = 62;
    private static final int EM_AARCH64 = 183;
    private static final int EM_RISCV = 243;
    private static final int PN_XNUM = 0xFFFF;

    private static final int PHDR_SIZE = 56;
    private static final int P_TYPE = 0;
    private static final int P_OFFSET = 8;
    private static final int P_PADDR = 24;
    private static final int P_FILESZ = 32;
    private static final int P_MEMSZ = 40;
    private static final int PT_LOAD = 1;
    private static final int PT_NOTE = 4;
    /** Bytes of notes that are looked through in all. Kernels have some hundred. */
    private static final int NOTES_MAX = 1 << 20;

    private final ImageFile file;
    private final long lowRamBytes;

    private ElfLoader(ImageFile file, long lowRamBytes) {
        this.file = file;
        this.lowRamBytes = lowRamBytes;
    }

    static boolean recognizes(ByteBuffer start) {
        return start.limit() >= Integer.BYTES && start.getInt(0) == MAGIC;
    }

    static LoadPlan plan(ImageFile file, long lowRamBytes) throws KernelImageException {
        return new ElfLoader(file, lowRamBytes).plan();
    }

    private LoadPlan plan() throws KernelImageException {
        if (file.size() < EHDR_SIZE) {
            throw file.refuse("is a truncated ELF file: " + file.size() + " bytes, the header alone takes " + EHDR_SIZE);
        }
        ByteBuffer header = file.header(0, EHDR_SIZE);
        requireX86Kernel(header);
        ByteBuffer programHeaders = programHeaders(header);
        List<LoadPlan.Segment> segments = segments(programHeaders);
        segments.sort((a, b) -> Long.compare(a.gpa(), b.gpa()));
        requireDisjoint(segments);
        OptionalLong pvhEntry = pvhEntry(programHeaders);
        long entry = pvhEntry.orElse(header.getLong(E_ENTRY));
        if (segments.stream().noneMatch(s -> entry >= s.gpa() && entry < s.gpa() + s.fileSize())) {
            throw file.refuse("has its " + (pvhEntry.isPresent() ? "PVH " : "") + "entry point 0x" + Long.toHexString(entry)
                    + " outside its loaded segments");
        }
        long end = segments.get(segments.size() - 1).end();
        KernelFormat format = pvhEntry.isPresent() ? KernelFormat.ELF64_PVH : KernelFormat.ELF64_LINUX;
        return new LoadPlan(format, entry, end, List.copyOf(segments), null);
    }

    private OptionalLong pvhEntry(ByteBuffer table) throws KernelImageException {
        long unread = NOTES_MAX;
        for (int at = 0; at < table.limit(); at += PHDR_SIZE) {
            long size = table.getLong(at + P_FILESZ);
            if (table.getInt(at + P_TYPE) == PT_NOTE && size >= 0 && size <= unread) {
                unread -= size;
                requireInFile(table.getLong(at + P_OFFSET), size, "its notes");
                OptionalLong entry = PvhNote.entryOf(file.header(table.getLong(at + P_OFFSET), (int) size));
                if (entry.isPresent()) {
                    return entry;
                }
            }
        }
        return OptionalLong.empty();
    }

    private void requireX86Kernel(ByteBuffer header) throws KernelImageException {
        int elfClass = header.get(EI_CLASS);
        if (elfClass == ELFCLASS32) {
            throw file.refuse("is a 32-bit ELF file; a 64-bit x86 kernel is needed");
        }
        if (elfClass != ELFCLASS64) {
            throw file.refuse("is a damaged ELF file: class " + elfClass + " is neither 32 nor 64 bits");
        }
        int data = header.get(EI_DATA);
        if (data != ELFDATA2LSB) {
            throw file.refuse("is not a little-endian ELF file (data encoding " + data + "); a 64-bit x86 kernel is needed");
        }
        int machine = u16(header, E_MACHINE);
        if (machine != EM_X86_64) {
            throw file.refuse("is an ELF file for " + machineName(machine) + "; a 64-bit x86 kernel is needed");
        }
        int type = u16(header, E_TYPE);
        if (type != ET_EXEC && type != ET_DYN) {
            throw file.refuse("is an ELF file of type " + type + "; an executable (2, or 3 when relocatable) is needed");
        }
    }

    private ByteBuffer programHeaders(ByteBuffer header) throws KernelImageException {
        long offset = header.getLong(E_PHOFF);
        int count = u16(header, E_PHNUM);
        int entrySize = u16(header, E_PHENTSIZE);
        if (count == 0 || count == PN_XNUM || entrySize != PHDR_SIZE) {
            throw file.refuse("has no usable program headers: " + count + " of " + entrySize + " bytes, " + PHDR_SIZE + " bytes are usual");
        }
        int tableSize = count * PHDR_SIZE;
        requireInFile(offset, tableSize, "its program headers");
        return file.header(offset, tableSize);
    }

    private List<LoadPlan.Segment> segments(ByteBuffer table) throws KernelImageException {
        List<LoadPlan.Segment> segments = new ArrayList<>();
        for (int at = 0; at < table.limit(); at += PHDR_SIZE) {
            if (table.getInt(at + P_TYPE) == PT_LOAD && table.getLong(at + P_MEMSZ) != 0) {
                segments.add(segment(table, at));
            }
        }
        if (segments.isEmpty()) {
            throw file.refuse("has no segment to load");
        }
        return segments;
    }

    private LoadPlan.Segment segment(ByteBuffer table, int at) throws KernelImageException {
        long offset = table.getLong(at + P_OFFSET);
        long fileSize = table.getLong(at + P_FILESZ);
        long gpa = table.getLong(at + P_PADDR);
        long memorySize = table.getLong(at + P_MEMSZ);
        String name = "the segment at 0x" + Long.toHexString(gpa);
        requireInFile(offset, fileSize, name);
        if (memorySize < 0 || memorySize < fileSize) {
            throw file.refuse("is a damaged ELF file: " + name + " has " + Long.toUnsignedString(fileSize) + " bytes in the file, "
                    + Long.toUnsignedString(memorySize) + " in memory");
        }
        if (gpa >= 0 && gpa < AddressMap.HIGH_RAM) {
            throw file.refuse("loads " + name + ", below the lowest address for kernels, 0x" + Long.toHexString(AddressMap.HIGH_RAM));
        }
        if (gpa < 0 || gpa > Long.MAX_VALUE - memorySize) {
            throw file.refuse("loads " + name + ", outside RAM");
        }
        if (gpa + memorySize > lowRamBytes) {
            throw KernelImage.tooLarge(file, gpa + memorySize, lowRamBytes);
        }
        return new LoadPlan.Segment(offset, fileSize, gpa, memorySize);
    }

    private void requireInFile(long offset, long length, String name) throws KernelImageException {
        boolean inside = offset >= 0 && length >= 0 && offset <= file.size() && length <= file.size() - offset;
        if (!inside) {
            throw file.refuse("is a truncated ELF file: " + name + " takes 0x" + Long.toHexString(length) + " bytes at 0x"
                    + Long.toHexString(offset) + ", the file ends at 0x" + Long.toHexString(file.size()));
        }
    }

    private void requireDisjoint(List<LoadPlan.Segment> ascending) throws KernelImageException {
        for (int i = 1; i < ascending.size(); i++) {
            LoadPlan.Segment below = ascending.get(i - 1);
            LoadPlan.Segment above = ascending.get(i);
            if (above.gpa() < below.end()) {
                throw file.refuse("has overlapping program headers: the segment at 0x" + Long.toHexString(above.gpa())
                        + " begins inside the one at 0x" + Long.toHexString(below.gpa()) + ", which ends at 0x" + Long.toHexString(below.end()));
            }
        }
    }

    private static String machineName(int machine) {
        return switch (machine) {
            case EM_386 -> "32-bit x86";
            case EM_AARCH64 -> "AArch64";
            case EM_RISCV -> "RISC-V";
            default -> "machine type " + machine;
        };
    }

    private static int u16(ByteBuffer buffer, int offset) {
        return Short.toUnsignedInt(buffer.getShort(offset));
    }
}
