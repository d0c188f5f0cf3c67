package io.vmm4j.core.snapshot.file;

import io.vmm4j.kvm.libc.HostRandom;
import io.vmm4j.kvm.libc.LinuxException;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * What a snapshot is told apart by: 128 random bits, of which a diff names those of its base.
 *
 * @param text 32 lower-case hexadecimal digits
 */
public record SnapshotId(String text) {

    private static final int BYTES = 16;

    public SnapshotId {
        if (!text.matches("[0-9a-f]{32}")) {
            throw new IllegalArgumentException("\"" + text + "\" is not 32 hexadecimal digits");
        }
    }

    /** One that no other snapshot has. */
    public static SnapshotId random() throws LinuxException {
        ByteBuffer bits = ByteBuffer.allocateDirect(BYTES);
        HostRandom.fill(bits);
        byte[] bytes = new byte[BYTES];
        bits.flip().get(bytes);
        return of(bytes);
    }

    static SnapshotId of(byte[] bytes) {
        return new SnapshotId(HexFormat.of().formatHex(bytes));
    }

    byte[] bytes() {
        return HexFormat.of().parseHex(text);
    }

    @Override
    public String toString() {
        return text;
    }
}
