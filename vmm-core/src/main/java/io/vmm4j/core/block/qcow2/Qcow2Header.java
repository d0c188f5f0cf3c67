package io.vmm4j.core.block.qcow2;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The first cluster of an image, read once and found good: sizes are within bounds, tables within the file, and nothing is asked for that is
 * not supported.
 *
 * @param version           2 or 3
 * @param clusterBits       9 to 21
 * @param size              of the disk in bytes, a multiple of 512
 * @param l1Size            entries in the L1 table
 * @param l1Offset          where it is
 * @param refcountOffset    where the refcount table is
 * @param refcountClusters  how many clusters it has
 * @param snapshots         internal snapshots
 * @param incompatible      feature bits; 0 in version 2, as the two below
 * @param compatible        feature bits
 * @param autoclear         feature bits
 * @param refcountOrder     2 to the power of it is a refcount's bits; 0 to 6
 * @param compressionType   0 or 1
 * @param backingFile       name as it stands there, or {@code null}
 * @param backingFormat     as it stands there, or {@code null}
 */
record Qcow2Header(int version, int clusterBits, long size, int l1Size, long l1Offset, long refcountOffset, int refcountClusters,
        long snapshots, long incompatible, long compatible, long autoclear, int refcountOrder, int compressionType, String backingFile,
        String backingFormat) {

    /** Bytes that are enough to know the size of a cluster. */
    static final int FIRST_BYTES = 512;

    private static final int MIN_CLUSTER_BITS = 9;
    private static final int MAX_CLUSTER_BITS = 21;
    private static final int MAX_BACKING_NAME = 1023;
    private static final int MAX_L1_BYTES = 32 << 20;
    static final int MAX_REFCOUNT_TABLE_BYTES = 8 << 20;
    private static final int DEFAULT_REFCOUNT_ORDER = 4;
    private static final int MAX_REFCOUNT_ORDER = 6;

    /** Whether a file of this beginning says it is one, of whatever version. */
    static boolean hasMagic(ByteBuffer first) {
        return first.limit() >= Qcow2Constants.VERSION && first.getInt(0) == Qcow2Constants.MAGIC;
    }

    /** Bytes of a cluster in an image that begins with {@code first}. */
    static int clusterBytes(ByteBuffer first) throws Qcow2Exception {
        require(hasMagic(first) && first.limit() >= Qcow2Constants.V2_HEADER_LENGTH, "is not a qcow2 image");
        long version = u32(first, Qcow2Constants.VERSION);
        require(version == 2 || version == 3, "is a qcow image of version " + version + ": only 2 and 3 are supported");
        long bits = u32(first, Qcow2Constants.CLUSTER_BITS);
        require(bits >= MIN_CLUSTER_BITS && bits <= MAX_CLUSTER_BITS,
                "has clusters of 2^" + bits + " bytes, which is not in 2^" + MIN_CLUSTER_BITS + "..2^" + MAX_CLUSTER_BITS);
        return 1 << bits;
    }

    /**
     * Reads a header.
     *
     * @param cluster  the first cluster, or all of a shorter file
     * @param fileSize bytes in the file
     */
    static Qcow2Header read(ByteBuffer cluster, long fileSize) throws Qcow2Exception {
        int clusterBytes = clusterBytes(cluster);
        boolean isV3 = cluster.getInt(Qcow2Constants.VERSION) == 3;
        require(!isV3 || cluster.limit() >= Qcow2Constants.V3_HEADER_LENGTH, "ends within its header");
        long length = isV3 ? u32(cluster, Qcow2Constants.HEADER_LENGTH) : Qcow2Constants.V2_HEADER_LENGTH;
        require(length <= cluster.limit() && (!isV3 || length >= Qcow2Constants.V3_HEADER_LENGTH), "has a header of " + length + " bytes");
        long incompatible = isV3 ? cluster.getLong(Qcow2Constants.INCOMPATIBLE_FEATURES) : 0;
        refuseFeatures(cluster, incompatible);
        int order = isV3 ? cluster.getInt(Qcow2Constants.REFCOUNT_ORDER) : DEFAULT_REFCOUNT_ORDER;
        require(order >= 0 && order <= MAX_REFCOUNT_ORDER, "has refcounts of 2^" + order + " bits");
        int compression = (incompatible & Qcow2Constants.COMPRESSION) != 0 && length > Qcow2Constants.COMPRESSION_TYPE
                ? Byte.toUnsignedInt(cluster.get(Qcow2Constants.COMPRESSION_TYPE)) : Qcow2Constants.ZLIB;
        require(compression <= Qcow2Constants.ZSTD, "has compression type " + compression + ": only 0 (zlib) and 1 (zstd) are supported");
        Qcow2Header header = new Qcow2Header(cluster.getInt(Qcow2Constants.VERSION), Integer.numberOfTrailingZeros(clusterBytes),
                cluster.getLong(Qcow2Constants.SIZE), cluster.getInt(Qcow2Constants.L1_SIZE), cluster.getLong(Qcow2Constants.L1_TABLE_OFFSET),
                cluster.getLong(Qcow2Constants.REFCOUNT_TABLE_OFFSET), cluster.getInt(Qcow2Constants.REFCOUNT_TABLE_CLUSTERS),
                u32(cluster, Qcow2Constants.NB_SNAPSHOTS), incompatible, isV3 ? cluster.getLong(Qcow2Constants.COMPATIBLE_FEATURES) : 0,
                isV3 ? cluster.getLong(Qcow2Constants.AUTOCLEAR_FEATURES) : 0, order, compression, backingFile(cluster),
                backingFormat(cluster, (int) length));
        header.checkTables(fileSize);
        return header;
    }

    private static void refuseFeatures(ByteBuffer cluster, long incompatible) throws Qcow2Exception {
        long crypt = u32(cluster, Qcow2Constants.CRYPT_METHOD);
        require(crypt == 0, "is encrypted (method " + crypt + "), which is not supported");
        require((incompatible & Qcow2Constants.EXTERNAL_DATA) == 0, "has its data in an external file, which is not supported");
        require((incompatible & Qcow2Constants.EXTENDED_L2) == 0, "has subclusters (extended_l2), which are not supported");
        long unknown = incompatible & ~(Qcow2Constants.DIRTY | Qcow2Constants.CORRUPT | Qcow2Constants.COMPRESSION);
        require(unknown == 0, "has incompatible features 0x" + Long.toHexString(unknown) + ", which are not known");
    }

    private static String backingFile(ByteBuffer cluster) throws Qcow2Exception {
        long offset = cluster.getLong(Qcow2Constants.BACKING_FILE_OFFSET);
        if (offset == 0) {
            return null;
        }
        long length = u32(cluster, Qcow2Constants.BACKING_FILE_SIZE);
        require(length > 0 && length <= MAX_BACKING_NAME && offset > 0 && offset <= cluster.limit() - length,
                "has the name of its backing file at byte " + offset + ", " + length + " bytes long, which is not within its first cluster");
        return text(cluster, (int) offset, (int) length);
    }

    private static String backingFormat(ByteBuffer cluster, int headerLength) throws Qcow2Exception {
        long named = cluster.getLong(Qcow2Constants.BACKING_FILE_OFFSET);
        long end = named > 0 && named < cluster.limit() ? named : cluster.limit();
        String format = null;
        long at = headerLength;
        while (at + 8 <= end) {
            int type = cluster.getInt((int) at);
            long length = u32(cluster, (int) at + 4);
            if (type == Qcow2Constants.EXTENSION_END) {
                break;
            }
            require(length <= end - at - 8, "has a header extension at byte " + at + " of " + length + " bytes, which is not within its header");
            if (type == Qcow2Constants.EXTENSION_BACKING_FORMAT) {
                require(length <= 32, "names its backing file's format with " + length + " bytes");
                format = text(cluster, (int) at + 8, (int) length);
            }
            at += 8 + (length + 7 & -8);
        }
        return format;
    }

    private static String text(ByteBuffer cluster, int offset, int length) throws Qcow2Exception {
        byte[] bytes = new byte[length];
        cluster.get(offset, bytes);
        String text = new String(bytes, StandardCharsets.UTF_8);
        require(text.chars().noneMatch(Character::isISOControl), "has control characters in a name in its header");
        return text;
    }

    private void checkTables(long fileSize) throws Qcow2Exception {
        require(size >= 0 && size % 512 == 0, "is a disk of " + Long.toUnsignedString(size) + " bytes, which is not a multiple of 512");
        require(l1Size >= 0 && l1Size <= MAX_L1_BYTES / Long.BYTES,
                "has an L1 table of " + Integer.toUnsignedString(l1Size) + " entries, above " + MAX_L1_BYTES / Long.BYTES);
        long covered = 1L << Math.min(62, 2 * clusterBits - 3);
        require(l1Size >= (size >>> Math.min(62, 2 * clusterBits - 3)) + ((size & covered - 1) == 0 ? 0 : 1),
                "has an L1 table of " + l1Size + " entries, too few for " + size + " bytes");
        require(l1Size == 0 || isWithin(l1Offset, (long) l1Size * Long.BYTES, fileSize), "has its L1 table at byte "
                + Long.toUnsignedString(l1Offset) + ", which is not within the file");
        long refcountBytes = (refcountClusters & 0xffff_ffffL) << clusterBits;
        require(refcountBytes > 0 && refcountBytes <= MAX_REFCOUNT_TABLE_BYTES, "has a refcount table of "
                + Integer.toUnsignedString(refcountClusters) + " clusters, which is not in 1.." + (MAX_REFCOUNT_TABLE_BYTES >> clusterBits));
        require(isWithin(refcountOffset, Long.BYTES, fileSize), "has its refcount table at byte "
                + Long.toUnsignedString(refcountOffset) + ", which is not within the file");
    }

    private boolean isWithin(long offset, long length, long fileSize) {
        return offset > 0 && (offset & clusterBytes() - 1) == 0 && offset <= fileSize - length;
    }

    int clusterBytes() {
        return 1 << clusterBits;
    }

    boolean isDirty() {
        return (incompatible & Qcow2Constants.DIRTY) != 0;
    }

    boolean isCorrupt() {
        return (incompatible & Qcow2Constants.CORRUPT) != 0;
    }

    private static long u32(ByteBuffer bytes, int offset) {
        return Integer.toUnsignedLong(bytes.getInt(offset));
    }

    private static void require(boolean condition, String message) throws Qcow2Exception {
        if (!condition) {
            throw new Qcow2Exception(message);
        }
    }
}
