package io.vmm4j.devices.virtio.vsock;

import io.vmm4j.devices.memory.LittleEndian;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A packet being made in a buffer of the guest: room for the header is left, the payload is read straight into guest
 * RAM, and then the header is written, which says how much came. Used again for each packet; confined to the event loop.
 */
final class RxPacket {

    /** The header to fill in. */
    final VsockHeader header = new VsockHeader();

    private final ByteBuffer headerBytes = LittleEndian.allocate(VsockConstants.HDR_LENGTH);
    /** Where the header's parts are in the views: at most one a byte. */
    private final int[] partAt = new int[VsockConstants.HDR_LENGTH];
    private final int[] partLength = new int[VsockConstants.HDR_LENGTH];
    private final int[] partView = new int[VsockConstants.HDR_LENGTH];
    private int parts;
    private DescriptorChain chain;
    private long length;
    private boolean isDry;

    /** Begins a packet in {@code newChain}. */
    void begin(DescriptorChain newChain) throws VirtQueueException {
        // Data that could never be sent would have the device try for ever.
        if (newChain.writableLength() <= VsockConstants.HDR_LENGTH) {
            throw new VirtQueueException("an rx buffer of " + newChain.writableLength() + " bytes cannot hold a header and data");
        }
        chain = newChain;
        length = 0;
        parts = 0;
        int left = VsockConstants.HDR_LENGTH;
        for (int i = 0; left > 0; i++) {
            ByteBuffer view = chain.writable(i);
            int part = Math.min(left, view.remaining());
            if (part > 0) {
                partView[parts] = i;
                partAt[parts] = view.position();
                partLength[parts++] = part;
                view.position(view.position() + part);
                left -= part;
            }
        }
    }

    /**
     * Reads payload, at most {@code most} bytes, 1 or more, and what fits.
     *
     * @return bytes read; 0 when there are none now; -1 at the end of the stream
     */
    int readFrom(VsockStream stream, int most) throws IOException {
        isDry = false;
        for (int i = partView[parts - 1]; i < chain.writableCount() && length < most; i++) {
            ByteBuffer view = chain.writable(i);
            int wanted = (int) Math.min(view.remaining(), most - length);
            if (wanted == 0) {
                continue;
            }
            int end = view.limit();
            view.limit(view.position() + wanted);
            int read = stream.read(view);
            if (length == 0 && read <= 0) {
                // Another connection may yet fill the packet, and to its own credit, not to this one's.
                view.limit(end);
            }
            if (read < 0) {
                return length > 0 ? (int) length : -1;
            }
            length += read;
            if (read < wanted) {
                isDry = read == 0;
                break;
            }
        }
        return (int) length;
    }

    /** Whether the last read ended because there was nothing, so that the stream will tell when there is. */
    boolean isDry() {
        return isDry;
    }

    /** Writes the header. Returns the length of the packet. */
    long finish() {
        header.length = length;
        header.write(headerBytes);
        int done = 0;
        for (int i = 0; i < parts; i++) {
            chain.writable(partView[i]).put(partAt[i], headerBytes, done, partLength[i]);
            done += partLength[i];
        }
        return VsockConstants.HDR_LENGTH + length;
    }
}
