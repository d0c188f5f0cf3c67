package io.vmm4j.core.rootfs;

import io.airlift.compress.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.XZInputStream;

/** Unpacks what is packed by gzip, xz or zstd, by what it begins with. */
final class Unpacked {

    private static final int BUFFER = 64 << 10;
    private static final int HEAD = 6;
    private static final int XZ_MEMORY_KIB = 128 << 10;

    private Unpacked() {
    }

    /** Whether it begins as one of them does. */
    static boolean isPacked(byte[] head) {
        return isGzip(head) || isXz(head) || isZstd(head);
    }

    private static boolean isGzip(byte[] head) {
        return head.length > 2 && head[0] == 0x1f && head[1] == (byte) 0x8b;
    }

    private static boolean isXz(byte[] head) {
        return head.length >= HEAD && head[0] == (byte) 0xfd && head[1] == '7' && head[2] == 'z' && head[3] == 'X' && head[4] == 'Z';
    }

    private static boolean isZstd(byte[] head) {
        return head.length > 3 && head[0] == 0x28 && head[1] == (byte) 0xb5 && head[2] == 0x2f && head[3] == (byte) 0xfd;
    }

    /** The first bytes of what {@code in} has, which must support marks. */
    static byte[] head(InputStream in) throws IOException {
        in.mark(HEAD);
        byte[] head = in.readNBytes(HEAD);
        in.reset();
        return head;
    }

    /** What is in {@code in}. */
    static InputStream of(InputStream in) throws IOException {
        InputStream buffered = new BufferedInputStream(in, BUFFER);
        byte[] head = head(buffered);
        if (isGzip(head)) {
            return wrapped(new GZIPInputStream(buffered, BUFFER));
        }
        if (isXz(head)) {
            return wrapped(new XZInputStream(buffered, XZ_MEMORY_KIB));
        }
        return isZstd(head) ? wrapped(new ZstdInputStream(buffered)) : buffered;
    }

    /** The libraries throw what they like for damaged data. */
    private static InputStream wrapped(InputStream unpacking) {
        return new BufferedInputStream(guarded(unpacking), BUFFER);
    }

    /** {@code unpacking}, with what it throws for damaged data told as such. */
    static InputStream guarded(InputStream unpacking) {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                return OneOctet.of(this);
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                try {
                    return unpacking.read(bytes, offset, length);
                } catch (RootfsException e) {
                    throw e;
                } catch (IOException | RuntimeException e) {
                    throw new RootfsException("it cannot be read: " + e.getMessage(), e);
                }
            }

            @Override
            public void close() throws IOException {
                unpacking.close();
            }
        };
    }
}
