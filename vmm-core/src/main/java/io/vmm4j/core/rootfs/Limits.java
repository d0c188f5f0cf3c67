package io.vmm4j.core.rootfs;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * What may be taken from an archive, which can be anybody's. Counts as it goes; confined to one thread.
 */
final class Limits {

    /** Bytes unpacked, unless the image was given a size. */
    static final long DEFAULT_BYTES = 8L << 30;
    /** Files, directories and links. */
    static final int ENTRIES = 500_000;
    /** Bytes of memory for what is held of entries: names, link targets, extended attributes and {@value #ENTRY_BYTES} for each. */
    static final long MEMORY_BYTES = 96L << 20;
    /** About what an entry takes beside its names. */
    static final int ENTRY_BYTES = 160;
    /** Bytes of an archive that are not content: headers, and what fills up. */
    static final long OVERHEAD_BYTES = 4L << 30;

    private static final int SKIP = 64 << 10;

    private final long bytesMax;
    private long bytes;
    private int entries;
    private long memory;
    private long bytesRead;
    private long archiveBytes;

    Limits(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** What is told of bytes as they are read. */
    private interface Count {
        void add(int more) throws RootfsException;
    }

    /** {@code in}, whose bytes are kept. */
    InputStream kept(InputStream in) {
        return counted(in, more -> {
            bytes += more;
            require(bytes <= bytesMax);
        });
    }

    /** {@code in}, what a layer is unpacked, of which not all has to be kept. */
    InputStream read(InputStream in) {
        return counted(in, more -> {
            bytesRead += more;
            require(bytesRead - OVERHEAD_BYTES <= bytesMax);
        });
    }

    /** {@code in}, an archive as it is unpacked, from which files are taken afterwards. */
    InputStream archive(InputStream in) {
        return counted(in, more -> {
            archiveBytes += more;
            require(archiveBytes - OVERHEAD_BYTES <= bytesMax);
        });
    }

    private void require(boolean isWithin) throws RootfsException {
        if (!isWithin) {
            throw new RootfsException("unpacked it has more than " + (bytesMax >> 20) + " MiB; --rootfs-size gives it more room");
        }
    }

    private static InputStream counted(InputStream in, Count count) {
        return new FilterInputStream(in) {
            @Override
            public int read() throws IOException {
                return OneOctet.of(this);
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                int n = in.read(bytes, offset, length);
                count.add(Math.max(0, n));
                return n;
            }

            @Override
            public long skip(long wanted) throws IOException {
                byte[] scratch = new byte[(int) Math.max(1, Math.min(SKIP, wanted))];
                return wanted <= 0 ? 0 : Math.max(0, read(scratch, 0, scratch.length));
            }

            @Override
            public boolean markSupported() {
                return false;
            }
        };
    }

    /** @param bytesHeld of names and attributes */
    void addEntry(long bytesHeld) throws RootfsException {
        memory += bytesHeld + ENTRY_BYTES;
        if (++entries > ENTRIES) {
            throw new RootfsException("it has more than " + ENTRIES + " entries");
        }
        if (memory > MEMORY_BYTES) {
            throw new RootfsException("its entries, names and attributes take more than " + MEMORY_BYTES + " bytes");
        }
    }
}
