package io.vmm4j.devices.virtio.blk;

import io.vmm4j.devices.virtio.VirtioActivation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Carries requests out and finds their status (virtio 1.2, section 5.2.6.2). One per queue. Confined to the queue's thread.
 */
final class BlkExecutor {

    private final BlkConfig config;
    private final BlkBackend backend;
    private final BlkConfigSpace space;
    private final byte[] id;
    private final byte[] segments = new byte[BlkConstants.MAX_DISCARD_SEGMENTS * BlkConstants.SEGMENT_SIZE];

    private boolean hasFlush;
    private boolean hasDiscard;
    private boolean hasWriteZeroes;
    /** The driver may switch the cache mode; else {@link #isWritethrough} says it. */
    private boolean hasConfigWce;
    private boolean isWritethrough;
    private long bytesWritten;

    BlkExecutor(BlkConfig config, BlkBackend backend, BlkConfigSpace space) {
        this.config = config;
        this.backend = backend;
        this.space = space;
        this.id = Arrays.copyOf(backend.id().getBytes(StandardCharsets.US_ASCII), BlkConstants.ID_SIZE);
    }

    /** Takes note of what was negotiated. */
    void activate(VirtioActivation activation) {
        hasFlush = activation.hasFeature(BlkConstants.VIRTIO_BLK_F_FLUSH);
        hasDiscard = activation.hasFeature(BlkConstants.VIRTIO_BLK_F_DISCARD);
        hasWriteZeroes = activation.hasFeature(BlkConstants.VIRTIO_BLK_F_WRITE_ZEROES);
        hasConfigWce = activation.hasFeature(BlkConstants.VIRTIO_BLK_F_CONFIG_WCE);
        // Section 5.2.6.2: FLUSH was offered and not accepted, so writes must be stable when they complete.
        isWritethrough = config.cacheType() == CacheType.WRITEBACK && !hasFlush;
    }

    /**
     * Carries out {@code request}; its status byte is not written yet.
     *
     * @return the status
     * @throws IOException when the host failed; the status is then VIRTIO_BLK_S_IOERR
     */
    int execute(BlkRequest request) throws IOException {
        bytesWritten = 0;
        return switch (request.type()) {
            case IN -> read(request);
            case OUT -> write(request);
            case FLUSH -> flush();
            case GET_ID -> getId(request);
            case DISCARD -> hasDiscard ? discard(request) : BlkConstants.VIRTIO_BLK_S_UNSUPP;
            case WRITE_ZEROES -> hasWriteZeroes ? writeZeroes(request) : BlkConstants.VIRTIO_BLK_S_UNSUPP;
            case UNKNOWN -> BlkConstants.VIRTIO_BLK_S_UNSUPP;
        };
    }

    /** Data bytes that the last request wrote to the driver. */
    long bytesWritten() {
        return bytesWritten;
    }

    private int read(BlkRequest request) throws IOException {
        if (!isInRange(request.sector(), request.dataLength())) {
            return BlkConstants.VIRTIO_BLK_S_IOERR;
        }
        backend.read(request.data(), request.dataCount(), request.sector() * BlkConstants.SECTOR_SIZE);
        bytesWritten = request.dataLength();
        return BlkConstants.VIRTIO_BLK_S_OK;
    }

    private int write(BlkRequest request) throws IOException {
        if (config.readOnly() || !isInRange(request.sector(), request.dataLength())) {
            return BlkConstants.VIRTIO_BLK_S_IOERR;
        }
        backend.write(request.data(), request.dataCount(), request.sector() * BlkConstants.SECTOR_SIZE);
        return settleWrite();
    }

    /** A write in writethrough mode completes only once it is stable. */
    private int settleWrite() throws IOException {
        if (hasConfigWce ? !space.isWriteback() : isWritethrough) {
            backend.flush();
        }
        return BlkConstants.VIRTIO_BLK_S_OK;
    }

    private int flush() throws IOException {
        if (!hasFlush) {
            return BlkConstants.VIRTIO_BLK_S_UNSUPP;
        }
        backend.flush();
        return BlkConstants.VIRTIO_BLK_S_OK;
    }

    private int getId(BlkRequest request) {
        if (request.dataLength() < BlkConstants.ID_SIZE) {
            return BlkConstants.VIRTIO_BLK_S_IOERR;
        }
        int done = 0;
        for (int i = 0; done < id.length; i++) {
            int length = Math.min(request.data()[i].remaining(), id.length - done);
            request.data()[i].put(id, done, length);
            done += length;
        }
        bytesWritten = id.length;
        return BlkConstants.VIRTIO_BLK_S_OK;
    }

    private int discard(BlkRequest request) throws IOException {
        int status = checkSegments(request, BlkConstants.MAX_DISCARD_SEGMENTS, BlkConstants.MAX_DISCARD_SECTORS, 0);
        if (status != BlkConstants.VIRTIO_BLK_S_OK) {
            return status;
        }
        for (int at = 0; at < request.dataLength(); at += BlkConstants.SEGMENT_SIZE) {
            backend.discard(segmentSector(at) * BlkConstants.SECTOR_SIZE, segmentSectors(at) * BlkConstants.SECTOR_SIZE);
        }
        return BlkConstants.VIRTIO_BLK_S_OK;
    }

    private int writeZeroes(BlkRequest request) throws IOException {
        int status = checkSegments(request, BlkConstants.MAX_WRITE_ZEROES_SEGMENTS, BlkConstants.MAX_WRITE_ZEROES_SECTORS,
                BlkConstants.SEGMENT_FLAG_UNMAP);
        if (status != BlkConstants.VIRTIO_BLK_S_OK) {
            return status;
        }
        for (int at = 0; at < request.dataLength(); at += BlkConstants.SEGMENT_SIZE) {
            boolean mayUnmap = segmentFlags(at) == BlkConstants.SEGMENT_FLAG_UNMAP;
            backend.writeZeroes(segmentSector(at) * BlkConstants.SECTOR_SIZE, segmentSectors(at) * BlkConstants.SECTOR_SIZE, mayUnmap);
        }
        return settleWrite();
    }

    /**
     * Copies the segments and judges all of them before any is carried out.
     *
     * <pre>
     * struct virtio_blk_discard_write_zeroes { le64 sector; le32 num_sectors; le32 flags; }
     * </pre>
     */
    private int checkSegments(BlkRequest request, int maxSegments, int maxSectors, int allowedFlags) {
        long length = request.dataLength();
        if (config.readOnly() || length == 0 || length % BlkConstants.SEGMENT_SIZE != 0 || length > (long) maxSegments * BlkConstants.SEGMENT_SIZE) {
            return BlkConstants.VIRTIO_BLK_S_IOERR;
        }
        int copied = 0;
        for (int i = 0; i < request.dataCount(); i++) {
            ByteBuffer view = request.data()[i];
            int part = view.remaining();
            view.get(segments, copied, part);
            copied += part;
        }
        for (int at = 0; at < length; at += BlkConstants.SEGMENT_SIZE) {
            if ((segmentFlags(at) & ~allowedFlags) != 0) {
                return BlkConstants.VIRTIO_BLK_S_UNSUPP;
            }
            long sectors = segmentSectors(at);
            if (sectors > maxSectors || !isInRange(segmentSector(at), sectors * BlkConstants.SECTOR_SIZE)) {
                return BlkConstants.VIRTIO_BLK_S_IOERR;
            }
        }
        return BlkConstants.VIRTIO_BLK_S_OK;
    }

    private long segmentSector(int at) {
        return littleEndian(at, 8);
    }

    private long segmentSectors(int at) {
        return littleEndian(at + 8, 4);
    }

    private long segmentFlags(int at) {
        return littleEndian(at + 12, 4);
    }

    private long littleEndian(int at, int width) {
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= (segments[at + i] & 0xFFL) << 8 * i;
        }
        return value;
    }

    /** Whole sectors, all of them on the device; {@code sector} is unsigned. */
    private boolean isInRange(long sector, long length) {
        long capacity = space.capacitySectors();
        return length % BlkConstants.SECTOR_SIZE == 0
                && sector >= 0
                && sector <= capacity
                && length / BlkConstants.SECTOR_SIZE <= capacity - sector;
    }
}
