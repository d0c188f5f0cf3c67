package io.vmm4j.core.block.qcow2;

import io.vmm4j.core.block.ViewWindow;
import java.nio.ByteBuffer;

/** What one thread needs to carry requests out; used again and again. */
final class Worker {

    /** Bytes around a write that are copied in the same call as it. */
    static final int COPY = 1 << 17;

    final Extent extent = new Extent();
    /** For what is read while a request is in work. */
    final Extent old = new Extent();
    final ViewWindow window = new ViewWindow();
    final ByteBuffer[] one = new ByteBuffer[1];
    final CompressedClusters compressed;
    private ByteBuffer copy;
    private ByteBuffer[] around = new ByteBuffer[16];

    Worker(CompressedClusters compressed) {
        this.compressed = compressed;
    }

    /** {@link #COPY} bytes. */
    ByteBuffer copy() {
        if (copy == null) {
            copy = ByteBuffer.allocateDirect(COPY);
        }
        return copy.clear();
    }

    /** Room for {@code count} views. */
    ByteBuffer[] around(int count) {
        if (around.length < count) {
            around = new ByteBuffer[count];
        }
        return around;
    }
}
