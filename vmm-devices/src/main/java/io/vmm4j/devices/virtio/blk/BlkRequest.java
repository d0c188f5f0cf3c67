package io.vmm4j.devices.virtio.blk;

import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * One request, read once from its chain (virtio 1.2, section 5.2.6). How the driver cuts it into descriptors means nothing
 * (section 2.7.4): the header is the first 16 readable bytes, the status the last writable one.
 *
 * <pre>
 * struct virtio_blk_req { le32 type; le32 reserved; le64 sector; u8 data[]; u8 status; }
 * </pre>
 *
 * <p>One object serves request after request of a queue; as many objects as operations may be in flight. Confined to the queue's thread.
 */
final class BlkRequest {

    private static final int FIRST_VIEWS = 16;
    private static final int KEPT_VIEWS = 256;
    private static final int TYPE_LENGTH = 4;
    private static final int RESERVED_LENGTH = 4;
    private static final int SECTOR_LENGTH = 8;

    private ByteBuffer[] data = new ByteBuffer[FIRST_VIEWS];
    private int dataCount;
    private long dataLength;
    private BlkRequestType type;
    private long typeCode;
    private long sector;
    private ByteBuffer statusView;
    private int statusIndex;
    private DescriptorChain chain;
    private int readableAt;
    private final int tag;
    /** Made for the first DISCARD or WRITE_ZEROES. */
    private BlkSegments segments;
    private int segment;
    private long begunAt;
    private boolean settling;
    private long bytesWritten;
    private long limitedBytes;

    /** @param tag what the request is known by among those in flight */
    BlkRequest(int tag) {
        this.tag = tag;
    }

    /** What the request is known by among those in flight. */
    int tag() {
        return tag;
    }

    /** The chain that it was read from. */
    DescriptorChain chain() {
        return chain;
    }

    /** When it was taken up, in nanoseconds of the device's clock. */
    void begunAt(long nanos) {
        begunAt = nanos;
    }

    long begunAt() {
        return begunAt;
    }

    /**
     * Reads the request of {@code next}.
     *
     * @throws VirtQueueException when it has no room for a header or a status
     */
    void parse(DescriptorChain next) throws VirtQueueException {
        chain = next;
        segment = 0;
        settling = false;
        bytesWritten = 0;
        limitedBytes = 0;
        if (chain.readableLength() < BlkConstants.HEADER_SIZE || chain.writableLength() < 1) {
            throw new VirtQueueException("block request with " + chain.readableLength() + " readable and " + chain.writableLength()
                    + " writable bytes, needs " + BlkConstants.HEADER_SIZE + " and 1");
        }
        readableAt = 0;
        typeCode = take(TYPE_LENGTH);
        take(RESERVED_LENGTH);
        sector = take(SECTOR_LENGTH);
        type = BlkRequestType.of(typeCode);
        statusView = chain.writable(chain.writableCount() - 1);
        statusIndex = statusView.limit() - 1;
        collectData();
    }

    /** What is asked for. */
    BlkRequestType type() {
        return type;
    }

    /** The type's code, also when it is unknown. */
    long typeCode() {
        return typeCode;
    }

    /** First sector, unsigned. */
    long sector() {
        return sector;
    }

    /** The data's views, of which {@link #dataCount} count; they run the way that {@link #type} says. */
    ByteBuffer[] data() {
        return data;
    }

    /** Number of views in {@link #data}. */
    int dataCount() {
        return dataCount;
    }

    /** Bytes in the data. */
    long dataLength() {
        return dataLength;
    }

    /** Bytes that a bandwidth limit counts: those of the disk that the host is to read, write, zero or give back. */
    long limitedBytes() {
        return limitedBytes;
    }

    /** Sets {@link #limitedBytes}, which is 0 at first. */
    void limitBy(long bytes) {
        limitedBytes = bytes;
    }

    /** The ranges of a DISCARD or WRITE_ZEROES. */
    BlkSegments segments() {
        if (segments == null) {
            segments = new BlkSegments();
        }
        return segments;
    }

    /** The segment that is in work. */
    int segment() {
        return segment;
    }

    /** Goes on to the next segment, if there is one. */
    boolean takeNextSegment() {
        segment++;
        return segment < segments().count();
    }

    /** Notes that what was written is being made stable. */
    void settle() {
        settling = true;
    }

    boolean isSettling() {
        return settling;
    }

    /** Notes how many data bytes the driver gets. */
    void wrote(long bytes) {
        bytesWritten = bytes;
    }

    /**
     * Writes the status byte.
     *
     * @return bytes written from the start of the writable part on, without a gap (section 2.7.8.2): the status byte counts only where nothing
     *     before it was left as it was
     */
    long complete(int status) {
        statusView.limit(statusIndex + 1);
        statusView.put(statusIndex, (byte) status);
        return bytesWritten == chain.writableLength() - 1 ? bytesWritten + 1 : bytesWritten;
    }

    /** Lets go of the guest's memory: what the guest cut into many pieces once is not kept. */
    void forget() {
        if (data.length > KEPT_VIEWS) {
            data = new ByteBuffer[FIRST_VIEWS];
        } else {
            Arrays.fill(data, 0, dataCount, null);
        }
        dataCount = 0;
        statusView = null;
        chain = null;
    }

    /** Takes the next {@code width} bytes of the readable part, little-endian; they are known to be there. */
    private long take(int width) {
        ByteBuffer view = chain.readable(readableAt);
        if (view.remaining() >= width) {
            return width == SECTOR_LENGTH ? view.getLong() : view.getInt() & 0xFFFF_FFFFL;
        }
        long value = 0;
        for (int i = 0; i < width; i++) {
            while (!chain.readable(readableAt).hasRemaining()) {
                readableAt++;
            }
            value |= (chain.readable(readableAt).get() & 0xFFL) << 8 * i;
        }
        return value;
    }

    private void collectData() {
        dataCount = 0;
        if (type.isToDriver()) {
            statusView.limit(statusIndex);
            dataLength = chain.writableLength() - 1;
            for (int i = 0; i < chain.writableCount(); i++) {
                addView(chain.writable(i));
            }
        } else {
            dataLength = chain.readableLength() - BlkConstants.HEADER_SIZE;
            for (int i = readableAt; i < chain.readableCount(); i++) {
                addView(chain.readable(i));
            }
        }
    }

    private void addView(ByteBuffer view) {
        if (!view.hasRemaining()) {
            return;
        }
        if (dataCount == data.length) {
            data = Arrays.copyOf(data, 2 * dataCount);
        }
        data[dataCount++] = view;
    }
}
