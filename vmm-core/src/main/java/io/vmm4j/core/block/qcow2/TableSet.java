package io.vmm4j.core.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The clusters of an image that have L2 tables and refcount blocks, so that nothing a table says has guest data written there. Of images with more
 * than 65,536 of them, which are of some TiB in clusters of 64 KiB, the first are known. Confined to the image's lock.
 */
final class TableSet {

    private static final int MOST = 1 << 16;
    private static final int PART = 1 << 16;

    /** Cluster numbers, each at the first place from its own on that was free; 0 where there is none. At most half full. */
    private long[] places = new long[64];
    private int size;

    private int home(long cluster) {
        return (int) (cluster * 0x9E37_79B9_7F4A_7C15L >>> 40) & places.length - 1;
    }

    private int find(long cluster) {
        int at = home(cluster);
        while (places[at] != 0 && places[at] != cluster) {
            at = at + 1 & places.length - 1;
        }
        return at;
    }

    boolean contains(long cluster) {
        return places[find(cluster)] != 0;
    }

    /** Whether one of [first, last] is here. */
    boolean hasAny(long first, long last) {
        for (long cluster = first; cluster <= last; cluster++) {
            if (contains(cluster)) {
                return true;
            }
        }
        return false;
    }

    /** Adds {@code cluster}, above 0. */
    void add(long cluster) {
        int at = find(cluster);
        if (places[at] != 0 || size == MOST) {
            return;
        }
        places[at] = cluster;
        size++;
        if (2 * size == places.length) {
            grow();
        }
    }

    private void grow() {
        long[] before = places;
        places = new long[2 * before.length];
        for (long cluster : before) {
            if (cluster != 0) {
                places[find(cluster)] = cluster;
            }
        }
    }

    void clear() {
        places = new long[64];
        size = 0;
    }

    void remove(long cluster) {
        int free = find(cluster);
        if (places[free] == 0) {
            return;
        }
        places[free] = 0;
        size--;
        // What comes behind may have been put there for want of the place that is free now.
        int mask = places.length - 1;
        for (int at = free + 1 & mask; places[at] != 0; at = at + 1 & mask) {
            long other = places[at];
            places[at] = 0;
            places[find(other)] = other;
        }
    }

    /**
     * Adds the tables that a table of the file has entries of.
     *
     * @throws Qcow2Exception when one is here already
     */
    void addAll(ImageFile file, long offset, long entries, int clusterBits) throws IOException {
        ByteBuffer part = ByteBuffer.allocateDirect((int) Math.max(Long.BYTES, Math.min(entries * Long.BYTES, PART)));
        for (long done = 0; done < entries && size < MOST; done += part.capacity() / Long.BYTES) {
            int length = (int) Math.min(part.capacity(), (entries - done) * Long.BYTES);
            file.read(part.clear().limit(length), offset + done * Long.BYTES);
            for (int at = 0; at < length; at += Long.BYTES) {
                long table = part.getLong(at) & Qcow2Constants.OFFSET_MASK;
                if (table >>> clusterBits == 0) {
                    continue;
                }
                if (contains(table >>> clusterBits)) {
                    throw new Qcow2Exception("has two tables at byte " + table + ", and so is only to be read: `qemu-img check -r all` may repair it");
                }
                add(table >>> clusterBits);
            }
        }
    }
}
