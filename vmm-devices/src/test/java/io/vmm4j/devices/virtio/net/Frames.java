package io.vmm4j.devices.virtio.net;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Makes frames with their 12-byte header for tests; offsets are written out a second time on purpose. */
final class Frames {

    private Frames() {
    }

    /** A plain frame of {@code length} bytes, whose bytes count up from {@code first}. */
    static byte[] plain(int length, int first) {
        byte[] frame = new byte[12 + length];
        for (int i = 0; i < length; i++) {
            frame[12 + i] = (byte) (first + i);
        }
        return frame;
    }

    /** A frame with this header. */
    static byte[] with(int length, int flags, int gsoType, int gsoSize, int csumStart, int csumOffset) {
        byte[] frame = plain(length, 1);
        ByteBuffer header = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
        header.put(0, (byte) flags).put(1, (byte) gsoType).putShort(2, (short) 54).putShort(4, (short) gsoSize);
        header.putShort(6, (short) csumStart).putShort(8, (short) csumOffset);
        return frame;
    }

    /** {@code frame} with num_buffers set, as the guest receives it. */
    static byte[] received(byte[] frame, int numBuffers) {
        byte[] copy = frame.clone();
        copy[10] = (byte) numBuffers;
        copy[11] = (byte) (numBuffers >> 8);
        return copy;
    }
}
