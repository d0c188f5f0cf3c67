package io.vmm4j.devices.virtio.vsock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The memory behind what a guest has sent and nobody takes. */
final class SendBufferTest {

    private static final int LENGTH = 4096;

    private final SendBuffer.Pool pool = new SendBuffer.Pool(LENGTH);

    private List<SendBuffer> stuck(int connections) {
        List<SendBuffer> buffers = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            SendBuffer buffer = new SendBuffer(pool);
            buffer.append(ByteBuffer.allocateDirect(1));
            buffers.add(buffer);
        }
        return buffers;
    }

    @Test
    void whatManyStuckConnectionsTookGoesWithThem() {
        List<SendBuffer> buffers = stuck(1000);
        assertEquals(0, pool.idleBytes());
        buffers.subList(0, 400).forEach(SendBuffer::discard);
        assertEquals(400 * LENGTH, pool.idleBytes(), "600 may need it any moment");
        buffers.forEach(SendBuffer::discard);
        assertTrue(pool.idleBytes() <= 4 * LENGTH, pool.idleBytes() + " bytes lie idle");
    }

    @Test
    void aFewConnectionsThatComeAndGoUseTheSameMemory() {
        stuck(3).forEach(SendBuffer::discard);
        assertEquals(3 * LENGTH, pool.idleBytes());
        stuck(3).forEach(SendBuffer::discard);
        assertEquals(3 * LENGTH, pool.idleBytes());
    }
}
