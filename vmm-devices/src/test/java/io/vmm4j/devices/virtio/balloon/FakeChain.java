package io.vmm4j.devices.virtio.balloon;

import io.vmm4j.devices.virtio.queue.DescriptorChain;
import java.nio.ByteBuffer;

/** A chain with one device-readable view. */
final class FakeChain implements DescriptorChain {

    private final ByteBuffer bytes;

    FakeChain(byte[] bytes) {
        this.bytes = ByteBuffer.wrap(bytes);
    }

    @Override
    public int id() {
        return 0;
    }

    @Override
    public long readableLength() {
        return bytes.remaining();
    }

    @Override
    public long writableLength() {
        return 0;
    }

    @Override
    public int readableCount() {
        return 1;
    }

    @Override
    public ByteBuffer readable(int index) {
        return bytes;
    }

    @Override
    public int writableCount() {
        return 0;
    }

    @Override
    public ByteBuffer writable(int index) {
        throw new IndexOutOfBoundsException(index);
    }
}
