package io.vmm4j.core.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The header in its place: what changes of it while an image is in use, each on stable storage when the call returns. Confined to the image's lock. */
final class HeaderFile {

    private final ImageFile file;
    private final boolean hasFeatures;
    private long incompatible;

    HeaderFile(ImageFile file, Qcow2Header header) {
        this.file = file;
        this.hasFeatures = header.version() >= 3;
        this.incompatible = header.incompatible();
    }

    /** Puts the refcount table in its place: both numbers in one write. */
    void moveTable(long offset, int clusters) throws IOException {
        put(Qcow2Constants.REFCOUNT_TABLE_OFFSET, ByteBuffer.allocateDirect(12).putLong(offset).putInt(clusters).flip());
    }

    /** No bit promises any more what a writer who does not know it may break. */
    void clearAutoclear() throws IOException {
        put(Qcow2Constants.AUTOCLEAR_FEATURES, ByteBuffer.allocateDirect(Long.BYTES));
    }

    void clearDirty() throws IOException {
        setIncompatible(incompatible & ~Qcow2Constants.DIRTY);
    }

    /** Has nobody write to the image until somebody has repaired it; version 2 has no word for that. */
    void setCorrupt() throws IOException {
        if (hasFeatures) {
            setIncompatible(incompatible | Qcow2Constants.CORRUPT);
        }
    }

    private void setIncompatible(long bits) throws IOException {
        put(Qcow2Constants.INCOMPATIBLE_FEATURES, ByteBuffer.allocateDirect(Long.BYTES).putLong(bits).flip());
        incompatible = bits;
    }

    private void put(int offset, ByteBuffer bytes) throws IOException {
        file.write(bytes, offset);
        file.sync();
    }
}
