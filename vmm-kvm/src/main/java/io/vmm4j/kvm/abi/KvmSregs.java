package io.vmm4j.kvm.abi;

import java.nio.ByteBuffer;

/**
 * The special registers, argument of KVM_GET_SREGS and KVM_SET_SREGS. Mutable value: get, change, set, so that what is
 * not changed stays as KVM had it.
 */
public final class KvmSregs {
    /*
     * struct kvm_sregs {
     *     struct kvm_segment cs, ds, es, fs, gs, ss;
     *     struct kvm_segment tr, ldt;
     *     struct kvm_dtable gdt, idt;
     *     __u64 cr0, cr2, cr3, cr4, cr8;
     *     __u64 efer;
     *     __u64 apic_base;
     *     __u64 interrupt_bitmap[4];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 312;
    public static final int CS = 0;
    public static final int DS = 24;
    public static final int ES = 48;
    public static final int FS = 72;
    public static final int GS = 96;
    public static final int SS = 120;
    public static final int TR = 144;
    public static final int LDT = 168;
    public static final int GDT = 192;
    public static final int IDT = 208;
    public static final int CR0 = 224;
    public static final int CR2 = 232;
    public static final int CR3 = 240;
    public static final int CR4 = 248;
    public static final int CR8 = 256;
    public static final int EFER = 264;
    public static final int APIC_BASE = 272;
    public static final int INTERRUPT_BITMAP = 280;

    private static final int BITMAP_WORDS = 4;

    public KvmSegment cs = new KvmSegment();
    public KvmSegment ds = new KvmSegment();
    public KvmSegment es = new KvmSegment();
    public KvmSegment fs = new KvmSegment();
    public KvmSegment gs = new KvmSegment();
    public KvmSegment ss = new KvmSegment();
    public KvmSegment tr = new KvmSegment();
    public KvmSegment ldt = new KvmSegment();
    public KvmDtable gdt = new KvmDtable();
    public KvmDtable idt = new KvmDtable();
    public long cr0;
    public long cr2;
    public long cr3;
    public long cr4;
    public long cr8;
    public long efer;
    public long apicBase;
    /** One bit a vector: an interrupt that is on its way. */
    public final long[] interruptBitmap = new long[BITMAP_WORDS];

    /** Reads the structure. */
    public static KvmSregs readFrom(ByteBuffer b) {
        KvmSregs sregs = new KvmSregs();
        sregs.cs = KvmSegment.readFrom(b, CS);
        sregs.ds = KvmSegment.readFrom(b, DS);
        sregs.es = KvmSegment.readFrom(b, ES);
        sregs.fs = KvmSegment.readFrom(b, FS);
        sregs.gs = KvmSegment.readFrom(b, GS);
        sregs.ss = KvmSegment.readFrom(b, SS);
        sregs.tr = KvmSegment.readFrom(b, TR);
        sregs.ldt = KvmSegment.readFrom(b, LDT);
        sregs.gdt = KvmDtable.readFrom(b, GDT);
        sregs.idt = KvmDtable.readFrom(b, IDT);
        sregs.cr0 = b.getLong(CR0);
        sregs.cr2 = b.getLong(CR2);
        sregs.cr3 = b.getLong(CR3);
        sregs.cr4 = b.getLong(CR4);
        sregs.cr8 = b.getLong(CR8);
        sregs.efer = b.getLong(EFER);
        sregs.apicBase = b.getLong(APIC_BASE);
        for (int i = 0; i < BITMAP_WORDS; i++) {
            sregs.interruptBitmap[i] = b.getLong(INTERRUPT_BITMAP + i * Long.BYTES);
        }
        return sregs;
    }

    /** Writes the structure. */
    public void writeTo(ByteBuffer b) {
        cs.writeTo(b, CS);
        ds.writeTo(b, DS);
        es.writeTo(b, ES);
        fs.writeTo(b, FS);
        gs.writeTo(b, GS);
        ss.writeTo(b, SS);
        tr.writeTo(b, TR);
        ldt.writeTo(b, LDT);
        gdt.writeTo(b, GDT);
        idt.writeTo(b, IDT);
        b.putLong(CR0, cr0);
        b.putLong(CR2, cr2);
        b.putLong(CR3, cr3);
        b.putLong(CR4, cr4);
        b.putLong(CR8, cr8);
        b.putLong(EFER, efer);
        b.putLong(APIC_BASE, apicBase);
        for (int i = 0; i < BITMAP_WORDS; i++) {
            b.putLong(INTERRUPT_BITMAP + i * Long.BYTES, interruptBitmap[i]);
        }
    }
}
