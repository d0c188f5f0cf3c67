package io.vmm4j.devices.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A list of views of guest RAM that is filled again and again without allocating: each slot keeps its buffer and moves
 * position and limit over the chunk it belongs to. Of each view, position to limit is the data; a view is lent until
 * the next {@link #clear()}.
 *
 * <p>Confined to one thread at a time.
 */
public final class GuestViews {

    private static final int FIRST_SLOTS = 4;

    private ByteBuffer[] views = new ByteBuffer[FIRST_SLOTS];
    private ByteBuffer[] chunks = new ByteBuffer[FIRST_SLOTS];
    private int count;

    /** Without views. */
    public GuestViews() {
        // Nothing is lent yet.
    }

    /** Number of views. */
    public int count() {
        return count;
    }

    /** View {@code index}, 0 to {@link #count()} - 1. Little-endian; its position may be moved by whoever borrows it. */
    public ByteBuffer get(int index) {
        if (index >= count) {
            throw new IndexOutOfBoundsException("view " + index + " of " + count);
        }
        return views[index];
    }

    /** Forgets all views and keeps their buffers for the next filling. */
    public void clear() {
        count = 0;
    }

    /** Views that it has buffers or places for beyond what each list begins with: what {@link #trim} gives back. */
    public int surplus() {
        return views.length - FIRST_SLOTS;
    }

    /** Forgets all views and the buffers of all but a few. */
    public void trim() {
        count = 0;
        views = Arrays.copyOf(views, FIRST_SLOTS);
        chunks = Arrays.copyOf(chunks, FIRST_SLOTS);
    }

    /** Appends bytes [from, to) of {@code chunk}, which must be the same object whenever the same chunk is meant. */
    void add(ByteBuffer chunk, int from, int to) {
        if (count == views.length) {
            views = Arrays.copyOf(views, 2 * count);
            chunks = Arrays.copyOf(chunks, 2 * count);
        }
        if (chunks[count] != chunk) {
            chunks[count] = chunk;
            views[count] = chunk.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        }
        views[count].limit(to).position(from);
        count++;
    }
}
