package io.vmm4j.kvm.abi;

import java.nio.ByteBuffer;

/** A segment register with its hidden part, as in a GDT descriptor (Intel SDM volume 3, 3.4.5). Mutable value. */
public final class KvmSegment {
    /*
     * struct kvm_segment {
     *     __u64 base;
     *     __u32 limit;
     *     __u16 selector;
     *     __u8  type;
     *     __u8  present, dpl, db, s, l, g, avl;
     *     __u8  unusable;
     *     __u8  padding;
     * };
     */
    /** Bytes. */
    public static final int SIZE = 24;
    public static final int BASE = 0;
    public static final int LIMIT = 8;
    public static final int SELECTOR = 12;
    public static final int TYPE = 14;
    public static final int PRESENT = 15;
    public static final int DPL = 16;
    public static final int DB = 17;
    public static final int S = 18;
    public static final int L = 19;
    public static final int G = 20;
    public static final int AVL = 21;
    public static final int UNUSABLE = 22;

    /** First linear address. */
    public long base;
    /** Last offset in bytes, unsigned. */
    public int limit;
    /** 16 bits. */
    public int selector;
    /** 4 bits: for code 0xB is execute, read, accessed; for data 3 is read, write, accessed. */
    public int type;
    /** 1: present. */
    public int present;
    /** Privilege level, 0 to 3. */
    public int dpl;
    /** 1: 32-bit default size. */
    public int db;
    /** 1: code or data; 0: system. */
    public int s;
    /** 1: 64-bit code. */
    public int l;
    /** 1: the limit in the descriptor counts pages; {@link #limit} stays in bytes. */
    public int g;
    /** For software. */
    public int avl;
    /** 1: the register holds no usable segment. */
    public int unusable;

    /** Reads the structure at {@code offset}. */
    public static KvmSegment readFrom(ByteBuffer b, int offset) {
        KvmSegment segment = new KvmSegment();
        segment.base = b.getLong(offset + BASE);
        segment.limit = b.getInt(offset + LIMIT);
        segment.selector = Short.toUnsignedInt(b.getShort(offset + SELECTOR));
        segment.type = b.get(offset + TYPE);
        segment.present = b.get(offset + PRESENT);
        segment.dpl = b.get(offset + DPL);
        segment.db = b.get(offset + DB);
        segment.s = b.get(offset + S);
        segment.l = b.get(offset + L);
        segment.g = b.get(offset + G);
        segment.avl = b.get(offset + AVL);
        segment.unusable = b.get(offset + UNUSABLE);
        return segment;
    }

    /** Writes the structure at {@code offset}. */
    public void writeTo(ByteBuffer b, int offset) {
        b.putLong(offset + BASE, base).putInt(offset + LIMIT, limit).putShort(offset + SELECTOR, (short) selector)
                .put(offset + TYPE, (byte) type).put(offset + PRESENT, (byte) present).put(offset + DPL, (byte) dpl)
                .put(offset + DB, (byte) db).put(offset + S, (byte) s).put(offset + L, (byte) l)
                .put(offset + G, (byte) g).put(offset + AVL, (byte) avl).put(offset + UNUSABLE, (byte) unusable);
    }
}
