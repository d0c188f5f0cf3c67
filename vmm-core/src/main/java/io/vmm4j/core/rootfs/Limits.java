package io.vmm4j.core.rootfs;

/**
 * What may be taken from an archive, which can be anybody's. Counts as it goes; confined to one thread.
 */
final class Limits {

    /** Bytes unpacked, unless the image was given a size. */
    static final long DEFAULT_BYTES = 8L << 30;
    /** Files, directories and links. */
    static final int ENTRIES = 2_000_000;
    /** Bytes of names, link targets and extended attributes, which are held in memory. */
    static final long NAME_BYTES = 256L << 20;

    private final long bytesMax;
    private long bytes;
    private int entries;
    private long nameBytes;

    Limits(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    void addBytes(long more) throws RootfsException {
        bytes += more;
        if (bytes > bytesMax || bytes < 0) {
            throw new RootfsException("unpacked it has more than " + (bytesMax >> 20) + " MiB; --rootfs-size gives it more room");
        }
    }

    void addEntry(long bytesOfNames) throws RootfsException {
        nameBytes += bytesOfNames;
        if (++entries > ENTRIES) {
            throw new RootfsException("it has more than " + ENTRIES + " entries");
        }
        if (nameBytes > NAME_BYTES) {
            throw new RootfsException("its names and attributes have more than " + NAME_BYTES + " bytes");
        }
    }
}
