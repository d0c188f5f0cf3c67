package io.vmm4j.devices.virtio.blk;

/** Numbers of the block device, virtio 1.2 section 5.2. */
final class BlkConstants {

    /** Feature: seg_max is valid. */
    static final int VIRTIO_BLK_F_SEG_MAX = 2;
    /** Feature: the device is read-only. */
    static final int VIRTIO_BLK_F_RO = 5;
    /** Feature: blk_size is valid. */
    static final int VIRTIO_BLK_F_BLK_SIZE = 6;
    /** Feature: FLUSH requests. */
    static final int VIRTIO_BLK_F_FLUSH = 9;
    /** Feature: topology is valid. */
    static final int VIRTIO_BLK_F_TOPOLOGY = 10;
    /** Feature: the driver may switch between writeback and writethrough. */
    static final int VIRTIO_BLK_F_CONFIG_WCE = 11;
    /** Feature: num_queues is valid. */
    static final int VIRTIO_BLK_F_MQ = 12;
    /** Feature: DISCARD requests. */
    static final int VIRTIO_BLK_F_DISCARD = 13;
    /** Feature: WRITE_ZEROES requests. */
    static final int VIRTIO_BLK_F_WRITE_ZEROES = 14;

    /** le64: capacity in sectors. */
    static final int CONFIG_CAPACITY = 0;
    /** le32: most data segments in a request. */
    static final int CONFIG_SEG_MAX = 12;
    /** le32: logical block size in bytes. */
    static final int CONFIG_BLK_SIZE = 20;
    /** u8: log2 of logical blocks in a physical one. */
    static final int CONFIG_PHYSICAL_BLOCK_EXP = 24;
    /** le16: suggested minimum I/O size in logical blocks. */
    static final int CONFIG_MIN_IO_SIZE = 26;
    /** le32: suggested optimum I/O size in logical blocks. */
    static final int CONFIG_OPT_IO_SIZE = 28;
    /** u8, writable by the driver: 0 = writethrough, 1 = writeback. */
    static final int CONFIG_WRITEBACK = 32;
    /** le16: number of queues. */
    static final int CONFIG_NUM_QUEUES = 34;
    /** le32: most sectors in a discarded segment. */
    static final int CONFIG_MAX_DISCARD_SECTORS = 36;
    /** le32: most segments in a DISCARD. */
    static final int CONFIG_MAX_DISCARD_SEG = 40;
    /** le32: alignment of discarded segments in sectors. */
    static final int CONFIG_DISCARD_SECTOR_ALIGNMENT = 44;
    /** le32: most sectors in a zeroed segment. */
    static final int CONFIG_MAX_WRITE_ZEROES_SECTORS = 48;
    /** le32: most segments in a WRITE_ZEROES. */
    static final int CONFIG_MAX_WRITE_ZEROES_SEG = 52;
    /** u8: whether WRITE_ZEROES may deallocate. */
    static final int CONFIG_WRITE_ZEROES_MAY_UNMAP = 56;
    /** Bytes in the configuration space, the secure erase fields included. */
    static final int CONFIG_LENGTH = 72;

    /** Bytes in a sector, the unit of the interface whatever the block size. */
    static final int SECTOR_SIZE = 512;
    /** Bytes in the header of a request. */
    static final int HEADER_SIZE = 16;
    /** Bytes in the answer to GET_ID. */
    static final int ID_SIZE = 20;
    /** Bytes in a segment of DISCARD and WRITE_ZEROES. */
    static final int SEGMENT_SIZE = 16;
    /** Segment flag: a WRITE_ZEROES may deallocate. */
    static final int SEGMENT_FLAG_UNMAP = 1;

    /** Status: success. */
    static final int VIRTIO_BLK_S_OK = 0;
    /** Status: device or driver error. */
    static final int VIRTIO_BLK_S_IOERR = 1;
    /** Status: request not supported. */
    static final int VIRTIO_BLK_S_UNSUPP = 2;

    /** Most sectors in a discarded segment: 2 GiB, so that one request stays short. */
    static final int MAX_DISCARD_SECTORS = 1 << 22;
    /** Most segments in a DISCARD. */
    static final int MAX_DISCARD_SEGMENTS = 32;
    /** Most sectors in a zeroed segment: 16 MiB, which the host may have to write out. */
    static final int MAX_WRITE_ZEROES_SECTORS = 1 << 15;
    /** Most segments in a WRITE_ZEROES. */
    static final int MAX_WRITE_ZEROES_SEGMENTS = 1;

    private BlkConstants() {
    }
}
