package io.vmm4j.devices.virtio.blk;

import io.vmm4j.devices.virtio.VirtioActivation;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Judges requests, has them carried out step by step and finds their status (virtio 1.2, section 5.2.6.2). One per queue.
 * Confined to the queue's thread.
 */
final class BlkExecutor {

    /** In place of a status: an operation of the request is in flight, see {@link #proceed}. */
    static final int PENDING = -1;

    private final BlkConfig config;
    private final BlkConfigSpace space;

    private BlkIo io;
    private byte[] id;
    private boolean hasFlush;
    private boolean hasDiscard;
    private boolean hasWriteZeroes;
    /** The driver may switch the cache mode; else {@link #isWritethrough} says it. */
    private boolean hasConfigWce;
    private boolean isWritethrough;

    BlkExecutor(BlkConfig config, BlkConfigSpace space) {
        this.config = config;
        this.space = space;
    }

    /** Has requests carried out by {@code next} from here on, of the disk called {@code name}. */
    void use(BlkIo next, String name) {
        io = next;
        id = Arrays.copyOf(name.getBytes(StandardCharsets.US_ASCII), BlkConstants.ID_SIZE);
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
     * Judges {@code request} and finds what a limit counts of it. Its segments are copied here, so what was judged is what is carried out.
     *
     * @return the status of one that the host has nothing to do for, or {@link #PENDING}
     */
    int judge(BlkRequest request) {
        return switch (request.type()) {
            case IN -> judgeData(request);
            case OUT -> config.readOnly() ? BlkConstants.VIRTIO_BLK_S_IOERR : judgeData(request);
            case FLUSH -> hasFlush ? PENDING : BlkConstants.VIRTIO_BLK_S_UNSUPP;
            case GET_ID -> request.dataLength() < BlkConstants.ID_SIZE ? BlkConstants.VIRTIO_BLK_S_IOERR : PENDING;
            case DISCARD -> hasDiscard
                    ? judgeSegments(request, BlkConstants.MAX_DISCARD_SEGMENTS, BlkConstants.MAX_DISCARD_SECTORS, 0)
                    : BlkConstants.VIRTIO_BLK_S_UNSUPP;
            case WRITE_ZEROES -> hasWriteZeroes
                    ? judgeSegments(request, BlkConstants.MAX_WRITE_ZEROES_SEGMENTS, BlkConstants.MAX_WRITE_ZEROES_SECTORS,
                            BlkConstants.SEGMENT_FLAG_UNMAP)
                    : BlkConstants.VIRTIO_BLK_S_UNSUPP;
            case UNKNOWN -> BlkConstants.VIRTIO_BLK_S_UNSUPP;
        };
    }

    /**
     * Begins {@code request}, which was judged {@link #PENDING}. When an operation was begun for it, that may have ended already.
     *
     * @return the status, or {@link #PENDING}
     */
    int begin(BlkRequest request) {
        long offset = request.sector() * BlkConstants.SECTOR_SIZE;
        switch (request.type()) {
            case IN -> io.read(request.tag(), request.data(), request.dataCount(), offset);
            case OUT -> io.write(request.tag(), request.data(), request.dataCount(), offset);
            case FLUSH -> io.flush(request.tag());
            case DISCARD -> discardSegment(request);
            case WRITE_ZEROES -> zeroSegment(request);
            default -> {
                return getId(request);
            }
        }
        return PENDING;
    }

    /**
     * Goes on with {@code request}, whose operation ended well.
     *
     * @return the status, or {@link #PENDING}
     */
    int proceed(BlkRequest request) {
        return switch (request.type()) {
            case IN -> {
                request.wrote(request.dataLength());
                yield BlkConstants.VIRTIO_BLK_S_OK;
            }
            case OUT -> settleWrite(request);
            case DISCARD -> request.takeNextSegment() ? discardSegment(request) : BlkConstants.VIRTIO_BLK_S_OK;
            case WRITE_ZEROES -> request.takeNextSegment() ? zeroSegment(request) : settleWrite(request);
            default -> BlkConstants.VIRTIO_BLK_S_OK;
        };
    }

    private int judgeData(BlkRequest request) {
        if (!isInRange(request.sector(), request.dataLength())) {
            return BlkConstants.VIRTIO_BLK_S_IOERR;
        }
        request.limitBy(request.dataLength());
        return PENDING;
    }

    /** A write in writethrough mode completes only once it is stable. */
    private int settleWrite(BlkRequest request) {
        if (request.isSettling() || !(hasConfigWce ? !space.isWriteback() : isWritethrough)) {
            return BlkConstants.VIRTIO_BLK_S_OK;
        }
        request.settle();
        io.flush(request.tag());
        return PENDING;
    }

    private int getId(BlkRequest request) {
        int done = 0;
        for (int i = 0; done < id.length; i++) {
            int length = Math.min(request.data()[i].remaining(), id.length - done);
            request.data()[i].put(id, done, length);
            done += length;
        }
        request.wrote(id.length);
        return BlkConstants.VIRTIO_BLK_S_OK;
    }

    private int discardSegment(BlkRequest request) {
        int index = request.segment();
        io.discard(request.tag(), request.segments().sector(index) * BlkConstants.SECTOR_SIZE,
                request.segments().sectors(index) * BlkConstants.SECTOR_SIZE);
        return PENDING;
    }

    private int zeroSegment(BlkRequest request) {
        int index = request.segment();
        boolean mayUnmap = request.segments().flags(index) == BlkConstants.SEGMENT_FLAG_UNMAP;
        io.writeZeroes(request.tag(), request.segments().sector(index) * BlkConstants.SECTOR_SIZE,
                request.segments().sectors(index) * BlkConstants.SECTOR_SIZE, mayUnmap);
        return PENDING;
    }

    /** Copies the segments and judges all of them before any is carried out. */
    private int judgeSegments(BlkRequest request, int maxSegments, int maxSectors, int allowedFlags) {
        long length = request.dataLength();
        if (config.readOnly() || length == 0 || length % BlkConstants.SEGMENT_SIZE != 0 || length > (long) maxSegments * BlkConstants.SEGMENT_SIZE) {
            return BlkConstants.VIRTIO_BLK_S_IOERR;
        }
        BlkSegments segments = request.segments();
        segments.copy(request);
        for (int i = 0; i < segments.count(); i++) {
            // Section 5.2.6.2: an unknown flag of any segment is told before all else that is wrong with them.
            if ((segments.flags(i) & ~allowedFlags) != 0) {
                return BlkConstants.VIRTIO_BLK_S_UNSUPP;
            }
        }
        long bytes = 0;
        for (int i = 0; i < segments.count(); i++) {
            long sectors = segments.sectors(i);
            if (sectors > maxSectors || !isInRange(segments.sector(i), sectors * BlkConstants.SECTOR_SIZE)) {
                return BlkConstants.VIRTIO_BLK_S_IOERR;
            }
            bytes += sectors * BlkConstants.SECTOR_SIZE;
        }
        request.limitBy(bytes);
        return PENDING;
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
