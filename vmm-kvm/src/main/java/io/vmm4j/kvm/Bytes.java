package io.vmm4j.kvm;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** A structure of the kernel's as it is: some bytes that never change, equal to others with the same content. */
public final class Bytes {
    /** None: what the bytes are of is not there. */
    public static final Bytes NONE = new Bytes(new byte[0]);

    private final byte[] content;

    private Bytes(byte[] content) {
        this.content = content;
    }

    /** A copy of {@code content}. */
    public static Bytes of(byte[] content) {
        return content.length == 0 ? NONE : new Bytes(content.clone());
    }

    /** The {@code size} bytes of {@code b} at {@code offset}. */
    static Bytes readFrom(ByteBuffer b, int offset, int size) {
        byte[] content = new byte[size];
        b.get(offset, content);
        return new Bytes(content);
    }

    void writeTo(ByteBuffer b, int offset) {
        b.put(offset, content);
    }

    /** How many there are. */
    public int size() {
        return content.length;
    }

    /** Whether there are none. */
    public boolean isEmpty() {
        return content.length == 0;
    }

    /** A copy. */
    public byte[] toArray() {
        return content.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes bytes && Arrays.equals(content, bytes.content);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(content);
    }

    /** Only how many: what a guest has in its registers belongs into no log. */
    @Override
    public String toString() {
        return content.length + " bytes";
    }
}
