package io.vmm4j.core.block.qcow2;

/** Words of the format's specification: offsets in the header, bits of features and of table entries. Numbers are big-endian. */
final class Qcow2Constants {

    /** "QFI\xfb". */
    static final int MAGIC = 0x514649fb;

    /*
     * 0  u32 magic                 32 u32 crypt_method              72  u64 incompatible_features   (version 3 from here)
     * 4  u32 version               36 u32 l1_size                   80  u64 compatible_features
     * 8  u64 backing_file_offset   40 u64 l1_table_offset           88  u64 autoclear_features
     * 16 u32 backing_file_size     48 u64 refcount_table_offset     96  u32 refcount_order
     * 20 u32 cluster_bits          56 u32 refcount_table_clusters   100 u32 header_length
     * 24 u64 size                  60 u32 nb_snapshots              104 u8  compression_type
     *                              64 u64 snapshots_offset
     */
    static final int VERSION = 4;
    static final int BACKING_FILE_OFFSET = 8;
    static final int BACKING_FILE_SIZE = 16;
    static final int CLUSTER_BITS = 20;
    static final int SIZE = 24;
    static final int CRYPT_METHOD = 32;
    static final int L1_SIZE = 36;
    static final int L1_TABLE_OFFSET = 40;
    static final int REFCOUNT_TABLE_OFFSET = 48;
    static final int REFCOUNT_TABLE_CLUSTERS = 56;
    static final int NB_SNAPSHOTS = 60;
    static final int V2_HEADER_LENGTH = 72;
    static final int INCOMPATIBLE_FEATURES = 72;
    static final int COMPATIBLE_FEATURES = 80;
    static final int AUTOCLEAR_FEATURES = 88;
    static final int REFCOUNT_ORDER = 96;
    static final int HEADER_LENGTH = 100;
    static final int V3_HEADER_LENGTH = 104;
    static final int COMPRESSION_TYPE = 104;

    /** Incompatible: refcounts may be wrong. */
    static final long DIRTY = 1;
    /** Incompatible: tables are damaged; only to be read. */
    static final long CORRUPT = 1 << 1;
    /** Incompatible: guest data is in another file. */
    static final long EXTERNAL_DATA = 1 << 2;
    /** Incompatible: compression_type is not 0. */
    static final long COMPRESSION = 1 << 3;
    /** Incompatible: L2 entries of 16 bytes, with subclusters. */
    static final long EXTENDED_L2 = 1 << 4;
    /** Compatible: refcounts may be written late, under {@link #DIRTY}. */
    static final long LAZY_REFCOUNTS = 1;

    /** Header extension: the end of them. */
    static final int EXTENSION_END = 0;
    /** Header extension: name of the backing file's format. */
    static final int EXTENSION_BACKING_FORMAT = 0xe2792aca;

    /** Compression by deflate, without a zlib header. */
    static final int ZLIB = 0;
    /** Compression by zstd, one frame. */
    static final int ZSTD = 1;

    /** L1 and L2 entries, and the refcount table's: an offset in the file. */
    static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;
    /** L1 and L2 entries: the cluster's refcount is exactly 1. */
    static final long COPIED = 1L << 63;
    /** L2 entries: see {@link CompressedClusters}. */
    static final long COMPRESSED = 1L << 62;
    /** L2 entries, version 3: reads as zeros. */
    static final long ZERO = 1;

    private Qcow2Constants() {
    }
}
