package io.vmm4j.devices.virtio.queue;

import java.nio.ByteBuffer;

/**
 * Copies between a chain and a buffer of the device's own, across the borders of the chain's views: how headers are
 * read once and answers are written. Views are moved on by what was copied.
 */
public final class ChainCopy {

    private ChainCopy() {
    }

    /** Copies what is left of the device-readable part to {@code dst} until either ends. Returns the bytes copied. */
    public static int read(DescriptorChain chain, ByteBuffer dst) {
        int before = dst.remaining();
        for (int i = 0; i < chain.readableCount() && dst.hasRemaining(); i++) {
            move(chain.readable(i), dst);
        }
        return before - dst.remaining();
    }

    /** Passes over {@code length} bytes of what is left of the device-readable part, or over all of it. */
    public static void skip(DescriptorChain chain, long length) {
        long left = length;
        for (int i = 0; i < chain.readableCount() && left > 0; i++) {
            ByteBuffer view = chain.readable(i);
            int part = (int) Math.min(view.remaining(), left);
            view.position(view.position() + part);
            left -= part;
        }
    }

    /** Copies {@code src} to what is left of the device-writable part until either ends. Returns the bytes copied. */
    public static int write(DescriptorChain chain, ByteBuffer src) {
        int before = src.remaining();
        for (int i = 0; i < chain.writableCount() && src.hasRemaining(); i++) {
            move(src, chain.writable(i));
        }
        return before - src.remaining();
    }

    /** Moves as many bytes as {@code src} has and {@code dst} takes; allocates nothing. */
    private static void move(ByteBuffer src, ByteBuffer dst) {
        int length = Math.min(src.remaining(), dst.remaining());
        dst.put(dst.position(), src, src.position(), length);
        src.position(src.position() + length);
        dst.position(dst.position() + length);
    }
}
