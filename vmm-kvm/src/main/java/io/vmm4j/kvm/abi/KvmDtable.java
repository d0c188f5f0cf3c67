package io.vmm4j.kvm.abi;

import java.nio.ByteBuffer;

/** A descriptor table register, GDTR or IDTR. Mutable value. */
public final class KvmDtable {
    /*
     * struct kvm_dtable {
     *     __u64 base;
     *     __u16 limit;
     *     __u16 padding[3];
     * };
     */
    /** Bytes. */
    public static final int SIZE = 16;
    public static final int BASE = 0;
    public static final int LIMIT = 8;

    /** Linear address of the table. */
    public long base;
    /** Offset of its last byte, 16 bits. */
    public int limit;

    /** Reads the structure at {@code offset}. */
    public static KvmDtable readFrom(ByteBuffer b, int offset) {
        KvmDtable table = new KvmDtable();
        table.base = b.getLong(offset + BASE);
        table.limit = Short.toUnsignedInt(b.getShort(offset + LIMIT));
        return table;
    }

    /** Writes the structure at {@code offset}. */
    public void writeTo(ByteBuffer b, int offset) {
        b.putLong(offset + BASE, base).putShort(offset + LIMIT, (short) limit);
    }
}
