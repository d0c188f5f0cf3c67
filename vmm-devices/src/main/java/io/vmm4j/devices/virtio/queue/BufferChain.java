package io.vmm4j.devices.virtio.queue;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.memory.GuestViews;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** The chain of both ring formats, filled again for each request. Confined to the queue's thread. */
final class BufferChain implements DescriptorChain {

    /** Section 2.7.5.2 allows one byte more, whose number the 32 bits of a used length could not tell. */
    private static final long MAX_LENGTH = 0xFFFF_FFFFL;
    private static final int NO_ID = -1;

    private static final int FIRST_SLOTS = 4;

    private final ChainPool owner;
    private final GuestViews readable = new GuestViews();
    private final GuestViews writable = new GuestViews();
    /** The buffers that the device may write: addresses and lengths in turns. */
    private long[] written = new long[2 * FIRST_SLOTS];
    private int writtenCount;
    private GuestMemory memory;
    private long readableLength;
    private long writableLength;
    private int id = NO_ID;
    private int descriptors;
    private int slots;
    /** Of the polls of its queue. */
    private long turn;
    private boolean inWritablePart;
    /** Set while a device holds the chain. */
    private boolean lent;

    /** @param owner where it is given back to */
    BufferChain(ChainPool owner) {
        this.owner = owner;
    }

    /** Whether it was lent by {@code pool}. */
    boolean isOf(ChainPool pool) {
        return owner == pool;
    }

    void start() {
        readable.clear();
        writable.clear();
        writtenCount = 0;
        readableLength = 0;
        writableLength = 0;
        id = NO_ID;
        descriptors = 0;
        slots = 0;
        inWritablePart = false;
        lent = true;
    }

    /** Appends one buffer. */
    void add(GuestMemory ram, long gpa, long length, boolean deviceWritable) throws VirtQueueException {
        descriptors++;
        if (readableLength + writableLength + length > MAX_LENGTH) {
            throw new VirtQueueException("a chain holds 2^32 bytes or more");
        }
        if (!deviceWritable && inWritablePart) {
            throw new VirtQueueException("a chain has a readable buffer at 0x" + Long.toHexString(gpa) + " behind a writable one");
        }
        try {
            ram.views(gpa, length, deviceWritable ? writable : readable);
        } catch (GuestMemoryException e) {
            throw new VirtQueueException("a chain's buffer: " + e.getMessage());
        }
        inWritablePart = deviceWritable;
        if (deviceWritable) {
            writableLength += length;
            note(ram, gpa, length);
        } else {
            readableLength += length;
        }
    }

    /**
     * What a device may write counts as written as soon as it is lent, and once more when it is given back: between the two somebody may have copied
     * what had been written until then.
     */
    private void note(GuestMemory ram, long gpa, long length) {
        if (writtenCount + 2 > written.length) {
            written = Arrays.copyOf(written, 2 * written.length);
        }
        memory = ram;
        written[writtenCount++] = gpa;
        written[writtenCount++] = length;
        ram.written(gpa, length);
    }

    /** Buffers added, empty ones included. */
    int descriptors() {
        return descriptors;
    }

    void identify(int newId) {
        id = newId;
    }

    boolean isIdentified() {
        return id != NO_ID;
    }

    /** Elements of a packed ring that the chain takes up. */
    int slots() {
        return slots;
    }

    void occupy(int count) {
        slots = count;
    }

    /** Its number among the chains polled from its queue. */
    long turn() {
        return turn;
    }

    void polledAs(long newTurn) {
        turn = newTurn;
    }

    /** Views kept beyond what every chain has. */
    int surplus() {
        return readable.surplus() + writable.surplus();
    }

    /** Gives the surplus back. */
    void trim() {
        readable.trim();
        writable.trim();
        written = new long[2 * FIRST_SLOTS];
        writtenCount = 0;
    }

    boolean isLent() {
        return lent;
    }

    void giveBack() {
        for (int i = 0; i < writtenCount; i += 2) {
            memory.written(written[i], written[i + 1]);
        }
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
