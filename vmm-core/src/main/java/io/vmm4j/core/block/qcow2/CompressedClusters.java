package io.vmm4j.core.block.qcow2;

import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Reads compressed clusters. Their L2 entries have, from bit 0 on, the offset of the first byte, and behind it, up to bit 61, the number of
 * 512-byte sectors after the first one that the compressed bytes reach into; how many of the two there are goes with the size of a cluster.
 *
 * <p>Keeps the last one, for guests read in smaller pieces. Confined to one thread.
 */
final class CompressedClusters {

    private static final int SECTOR = 512;

    private final ImageFile file;
    private final int clusterBits;
    private final int type;
    private byte[] cluster;
    private ByteBuffer compressed;
    /** Of the cluster kept; such entries never mean anything else, as compressed clusters are only read. */
    private long entry;

    CompressedClusters(ImageFile file, Qcow2Header header) {
        this.file = file;
        this.clusterBits = header.clusterBits();
        this.type = header.compressionType();
    }

    /** Where the compressed bytes of {@code entry} begin in a file of clusters of 2^clusterBits bytes. */
    static long offset(long entry, int clusterBits) {
        return entry & (1L << offsetBits(clusterBits)) - 1;
    }

    /** How many bytes, at the most, they are. */
    static int length(long entry, int clusterBits) {
        int bits = offsetBits(clusterBits);
        long sectors = (entry & (1L << 62) - 1) >>> bits;
        return (int) ((sectors + 1) * SECTOR - (entry & SECTOR - 1));
    }

    private static int offsetBits(int clusterBits) {
        return 62 - (clusterBits - 8);
    }

    /** The bytes of the cluster of {@code wanted}, until the next call. */
    byte[] read(long wanted) throws IOException {
        if (entry == wanted && cluster != null) {
            return cluster;
        }
        long offset = offset(wanted, clusterBits);
        if (offset >= file.length()) {
            throw new Qcow2Exception("a compressed cluster is at byte " + offset + ", behind the end of the file");
        }
        int length = (int) Math.min(length(wanted, clusterBits), file.length() - offset);
        if (cluster == null) {
            cluster = new byte[1 << clusterBits];
        }
        if (compressed == null || compressed.capacity() < length) {
            compressed = ByteBuffer.allocateDirect(length);
        }
        entry = 0;
        file.read(compressed.clear().limit(length), offset);
        byte[] bytes = new byte[length];
        compressed.flip().get(bytes);
        decompress(bytes, offset);
        entry = wanted;
        return cluster;
    }

    private void decompress(byte[] bytes, long offset) throws IOException {
        int length;
        try {
            length = type == Qcow2Constants.ZSTD
                    ? new ZstdDecompressor().decompress(bytes, 0, ZstdFrame.length(bytes), cluster, 0, cluster.length) : inflate(bytes);
        } catch (DataFormatException | RuntimeException e) {
            throw new Qcow2Exception("a compressed cluster at byte " + offset + " cannot be unpacked: " + e.getMessage());
        }
        if (length < cluster.length) {
            throw new Qcow2Exception("a compressed cluster at byte " + offset + " has " + length + " bytes in place of " + cluster.length);
        }
    }

    private int inflate(byte[] bytes) throws DataFormatException {
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(bytes);
            int length = 0;
            int more = 1;
            while (more > 0 && length < cluster.length) {
                more = inflater.inflate(cluster, length, cluster.length - length);
                length += more;
            }
            return length;
        } finally {
            inflater.end();
        }
    }
}
