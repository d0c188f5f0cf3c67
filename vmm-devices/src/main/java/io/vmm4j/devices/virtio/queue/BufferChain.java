package io.vmm4j.devices.virtio.queue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.memory.GuestViews;
import java.nio.ByteBuffer;

/** The chain of both ring formats, filled again for each request. Confined to the queue's thread. */
final class BufferChain implements DescriptorChain {

    /** Section 2.7.4: a chain holds less than 2^32 bytes. */
    private static final long MAX_LENGTH = 0xFFFF_FFFFL;

    private final GuestViews readable = new GuestViews();
    private final GuestViews writable = new GuestViews();
    private long readableLength;
    private long writableLength;
    private int id;
    private int descriptors;
    private boolean inWritablePart;
    /** Set while a device holds the chain. */
    private boolean lent;

    void start(int newId) {
        readable.clear();
        writable.clear();
        readableLength = 0;
        writableLength = 0;
        id = newId;
        descriptors = 0;
        inWritablePart = false;
        lent = true;
    }

    /** Appends one buffer. */
    void add(GuestMemory memory, long gpa, long length, boolean deviceWritable) throws VirtQueueException {
        descriptors++;
        if (readableLength + writableLength + length > MAX_LENGTH) {
            throw new VirtQueueException("chain " + id + " holds 2^32 bytes or more");
        }
        if (!deviceWritable && inWritablePart) {
            throw new VirtQueueException("chain " + id + " has a readable buffer at 0x" + Long.toHexString(gpa) + " behind a writable one");
        }
        try {
            memory.views(gpa, length, deviceWritable ? writable : readable);
        } catch (GuestMemoryException e) {
            throw new VirtQueueException("chain " + id + ": " + e.getMessage());
        }
        inWritablePart = deviceWritable;
        if (deviceWritable) {
            writableLength += length;
        } else {
            readableLength += length;
        }
    }

    /** Buffers added, empty ones included. */
    int descriptors() {
        return descriptors;
    }

    boolean isLent() {
        return lent;
    }

    void giveBack() {
        lent = false;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public long readableLength() {
        return readableLength;
    }

    @Override
    public long writableLength() {
        return writableLength;
    }

    @Override
    public int readableCount() {
        return readable.count();
    }

    @Override
    public ByteBuffer readable(int index) {
        return readable.get(index);
    }

    @Override
    public int writableCount() {
        return writable.count();
    }

    @Override
    public ByteBuffer writable(int index) {
        return writable.get(index);
    }
}
