package io.vmm4j.core.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.kvm.abi.KvmRegs;
import io.vmm4j.kvm.abi.KvmSegment;
import io.vmm4j.kvm.abi.KvmSregs;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LongModeSetupTest {

    private static final long PRESENT = 1;
    private static final long GIB = 1L << 30;

    private final GuestMemory memory = GuestRam.of(FakeKernels.MIB);

    /** Walks the tables as the CPU does (Intel SDM volume 3, 4.5), for 2 MiB pages; -1 when nothing is mapped. */
    private long translate(long cr3, long linear) throws Exception {
        long pml4e = memory.readU64(cr3 + (linear >>> 39 & 511) * 8);
        if ((pml4e & PRESENT) == 0) {
            return -1;
        }
        long pdpte = memory.readU64((pml4e & 0xF_FFFF_FFFF_F000L) + (linear >>> 30 & 511) * 8);
        if ((pdpte & PRESENT) == 0) {
            return -1;
        }
        long pde = memory.readU64((pdpte & 0xF_FFFF_FFFF_F000L) + (linear >>> 21 & 511) * 8);
        assertEquals(0x83, pde & 0xFFF, "present, writable, large");
        return (pde & 0xF_FFFF_FFE0_0000L) + (linear & 0x1F_FFFF);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 0x7000, 0x20000, 0x100000, 0x1234567, GIB - 1})
    void theFirstGibIsMappedToItself(long address) throws Exception {
        LongModeSetup.writeTables(memory, 64 << 20);
        assertEquals(address, translate(0x9000, address));
    }

    @Test
    void nothingAboveTheFirstGibIsMappedUnlessTheKernelNeedsIt() throws Exception {
        LongModeSetup.writeTables(memory, GIB);
        assertEquals(-1, translate(0x9000, GIB));
        assertEquals(-1, translate(0x9000, 1L << 39));
        LongModeSetup.writeTables(memory, GIB + 1);
        assertEquals(2 * GIB - 1, translate(0x9000, 2 * GIB - 1));
        assertEquals(-1, translate(0x9000, 2 * GIB));
        LongModeSetup.writeTables(memory, 3 * GIB);
        assertEquals(3 * GIB - 1, translate(0x9000, 3 * GIB - 1));
    }

    @Test
    void moreThanFourGibAreNotMapped() {
        assertThrows(IllegalArgumentException.class, () -> LongModeSetup.writeTables(memory, 4 * GIB + 1));
    }

    @Test
    void theDescriptorsAreThoseOfTheBootProtocol() throws Exception {
        LongModeSetup.writeTables(memory, 0);
        assertEquals(0, memory.readU64(0x500));
        assertEquals(0x00AF9B000000FFFFL, memory.readU64(0x510), "__BOOT_CS is 0x10");
        assertEquals(0x00CF93000000FFFFL, memory.readU64(0x518), "__BOOT_DS is 0x18");
        assertEquals(0, memory.readU64(0x520), "no interrupt is handled");
    }

    /** A descriptor made of a segment register's hidden part (Intel SDM volume 3, 3.4.5). */
    private static long descriptorOf(KvmSegment s) {
        assertEquals(0, s.base);
        long limit = s.g == 1 ? Integer.toUnsignedLong(s.limit) >>> 12 : s.limit;
        long access = s.type | (long) s.s << 4 | (long) s.dpl << 5 | (long) s.present << 7;
        long flags = s.avl | (long) s.l << 1 | (long) s.db << 2 | (long) s.g << 3;
        return limit & 0xFFFF | access << 40 | (limit >>> 16) << 48 | flags << 52;
    }

    @Test
    void segmentRegistersAgreeWithTheDescriptorsInMemory() throws Exception {
        LongModeSetup.writeTables(memory, 0);
        KvmSregs sregs = new KvmSregs();
        LongModeSetup.enterLongMode(sregs);
        assertEquals(0x10, sregs.cs.selector);
        for (KvmSegment segment : List.of(sregs.cs, sregs.ds, sregs.es, sregs.fs, sregs.gs, sregs.ss)) {
            assertEquals(memory.readU64(sregs.gdt.base + segment.selector), descriptorOf(segment));
        }
        for (KvmSegment segment : List.of(sregs.ds, sregs.es, sregs.fs, sregs.gs, sregs.ss)) {
            assertEquals(0x18, segment.selector);
        }
        assertEquals(11, sregs.tr.type, "Intel CPUs check for a busy 64-bit TSS");
        assertEquals(1, sregs.tr.present);
    }

    @Test
    void controlRegistersAreThoseOfLongMode() {
        KvmSregs sregs = new KvmSregs();
        sregs.cr0 = 0x60000010;
        sregs.apicBase = 0xFEE00900L;
        LongModeSetup.enterLongMode(sregs);
        assertEquals(0x80000011L, sregs.cr0, "PG, ET, PE; caches on");
        assertEquals(0x9000, sregs.cr3);
        assertEquals(0x20, sregs.cr4);
        assertEquals(0x500, sregs.efer);
        assertEquals(0x500, sregs.gdt.base);
        assertEquals(31, sregs.gdt.limit);
        assertEquals(0x520, sregs.idt.base);
        assertEquals(0xFEE00900L, sregs.apicBase, "as KVM had it");
    }

    @Test
    void theKernelFindsTheZeroPageInRsi() {
        KvmRegs regs = LongModeSetup.registers(0x1000200);
        assertEquals(0x1000200, regs.rip);
        assertEquals(0x7000, regs.rsi);
        assertEquals(0x8ff0, regs.rsp);
        assertEquals(2, regs.rflags, "interrupts off");
    }
}
