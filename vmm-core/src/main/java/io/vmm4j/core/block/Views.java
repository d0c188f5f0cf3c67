package io.vmm4j.core.block;

import io.vmm4j.kvm.libc.IoVec;
import java.nio.ByteBuffer;

/** A request's data as a row of direct buffers, whose positions tell how much of it is done. */
public final class Views {

    private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(1 << 16);

    private Views() {
    }

    /** The index of the first view from {@code from} on that has something left; {@code count} when none has. */
    public static int skipEmpty(ByteBuffer[] views, int from, int count) {
        int index = from;
        while (index < count && !views[index].hasRemaining()) {
            index++;
        }
        return index;
    }

    /** Makes {@code vector} what is left of the views from {@code first} on, as far as it has room. */
    static void fill(IoVec vector, ByteBuffer[] views, int first, int count) {
        vector.clear();
        for (int i = first; i < count && vector.count() < vector.capacity(); i++) {
            if (views[i].hasRemaining()) {
                vector.add(views[i]);
            }
        }
    }

    /** Notes that {@code length} bytes from view {@code first} on are done. */
    static void advance(ByteBuffer[] views, int first, long length) {
        long left = length;
        for (int i = first; left > 0; i++) {
            int part = (int) Math.min(left, views[i].remaining());
            views[i].position(views[i].position() + part);
            left -= part;
        }
    }

    /** Bytes left in the views from {@code first} on. */
    public static long remaining(ByteBuffer[] views, int first, int count) {
        long length = 0;
        for (int i = first; i < count; i++) {
            length += views[i].remaining();
        }
        return length;
    }

    /** Fills the first {@code count} views, each from its position to its limit, with zeros. */
    public static void zero(ByteBuffer[] views, int count) {
        for (int i = 0; i < count; i++) {
            ByteBuffer view = views[i];
            while (view.hasRemaining()) {
                int part = Math.min(view.remaining(), ZEROES.capacity());
                view.put(view.position(), ZEROES, 0, part).position(view.position() + part);
            }
        }
    }

    /** Moves {@code length} bytes of {@code source} to the views from {@code first} on, which have room. */
    static void put(ByteBuffer[] views, int first, ByteBuffer source, int length) {
        int end = source.position() + length;
        for (int i = first; source.position() < end; i++) {
            source.limit(Math.min(end, source.position() + views[i].remaining()));
            views[i].put(source);
        }
    }

    /** Moves {@code length} bytes of the views from {@code first} on to {@code target}. */
    static void get(ByteBuffer[] views, int first, ByteBuffer target, int length) {
        int left = length;
        for (int i = first; left > 0; i++) {
            int limit = views[i].limit();
            int part = Math.min(left, views[i].remaining());
            target.put(views[i].limit(views[i].position() + part));
            views[i].limit(limit);
            left -= part;
        }
    }
}
