package io.vmm4j.kvm.libc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;

/**
 * A zeroed piece of memory outside the Java heap, for one C structure: a little-endian direct buffer and its address.
 * The memory goes back when the object is unreachable: pass the object itself to {@link LibC} where it takes one, and
 * where only an address will do, keep the object reachable until the call is back. Not synchronized.
 */
public final class NativeStruct {
    private static final Charset NAMES = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private final ByteBuffer bytes;
    private final long address;

    private NativeStruct(int size) {
        this.bytes = ByteBuffer.allocateDirect(size).order(ByteOrder.LITTLE_ENDIAN);
        this.address = LibC.address(bytes);
    }

    /** Zeroed memory of {@code size} bytes, 8-byte aligned at least. */
    public static NativeStruct allocate(int size) {
        return new NativeStruct(size);
    }

    /** A NUL-terminated copy of {@code text}, the form that paths take in a system call. */
    public static NativeStruct string(String text) {
        byte[] encoded = encode(text);
        NativeStruct struct = new NativeStruct(encoded.length + 1);
        struct.bytes.put(0, encoded);
        return struct;
    }

    /** The bytes of a file's name, in the encoding by which Java has read it: UTF-8 but for locales that say otherwise. */
    public static byte[] encode(String name) {
        return name.getBytes(NAMES);
    }

    /** The content: little-endian, position 0, always the same object. */
    public ByteBuffer bytes() {
        return bytes;
    }

    /** The address of byte 0. */
    public long address() {
        return address;
    }
}
