package io.vmm4j.devices.virtio.fs;

import io.vmm4j.devices.virtio.queue.DescriptorChain;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** The data of a READ or WRITE where it is in the guest's memory, so that nothing is copied. For one thread; grows as chains have views. */
final class FuseData {

    private ByteBuffer[] views = new ByteBuffer[16];
    private int[] positions = new int[16];
    private int count;
    private long length;

    /** What is left of the readable part, {@code most} bytes at most. */
    void ofReadable(DescriptorChain chain, long most) {
        begin();
        for (int i = 0; i < chain.readableCount() && length < most; i++) {
            add(chain.readable(i), 0, most);
        }
    }

    /** The writable part from byte {@code skip} on, {@code most} bytes at most. */
    void ofWritable(DescriptorChain chain, int skip, long most) {
        begin();
        int left = skip;
        for (int i = 0; i < chain.writableCount() && length < most; i++) {
            ByteBuffer view = chain.writable(i);
            int passed = Math.min(left, view.remaining());
            left -= passed;
            add(view, passed, most);
        }
    }

    private void begin() {
        Arrays.fill(views, 0, count, null);
        count = 0;
        length = 0;
    }

    private void add(ByteBuffer view, int passed, long most) {
        if (count == views.length) {
            views = Arrays.copyOf(views, 2 * count);
            positions = Arrays.copyOf(positions, 2 * count);
        }
        int start = view.position() + passed;
        int part = (int) Math.min(view.limit() - start, most - length);
        views[count] = view.limit(start + part).position(start);
        positions[count] = start - passed;
        count++;
        length += part;
    }

    ByteBuffer[] views() {
        return views;
    }

    int count() {
        return count;
    }

    /** Bytes in the views when they were taken. */
    long length() {
        return length;
    }

    /** Puts the views of a writable part back to where the answer begins. */
    void rewind() {
        for (int i = 0; i < count; i++) {
            views[i].position(positions[i]);
        }
    }

    /** Lets go of the guest's memory. */
    void clear() {
        begin();
    }
}
