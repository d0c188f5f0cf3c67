package io.vmm4j.core.block;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A request's views, handed on piece by piece to whoever has the next part of it. Allocates nothing once it has grown to the
 * largest request. Confined to one thread.
 */
public final class ViewWindow {

    private ByteBuffer[] piece = new ByteBuffer[16];
    private int count;
    private ByteBuffer[] views;
    private int total;
    private int first;
    /** Where the piece ends, in the last view it has part of, and where that view ended before. */
    private int savedLimit;

    /** Begins with the first {@code viewCount} of {@code all}. */
    public void begin(ByteBuffer[] all, int viewCount) {
        views = all;
        total = viewCount;
        first = 0;
        if (piece.length < viewCount) {
            piece = new ByteBuffer[viewCount];
        }
    }

    /** The next {@code length} bytes, 1 or more and no more than are left: the first {@link #count} of these, until {@link #taken}. */
    public ByteBuffer[] take(long length) {
        if (length < 1) {
            throw new IllegalArgumentException("a piece of " + length + " bytes");
        }
        count = 0;
        long left = length;
        first = Views.skipEmpty(views, first, total);
        int index = first;
        while (true) {
            ByteBuffer view = views[index++];
            if (!view.hasRemaining()) {
                continue;
            }
            piece[count++] = view;
            savedLimit = view.limit();
            if (left <= view.remaining()) {
                view.limit(view.position() + (int) left);
                return piece;
            }
            left -= view.remaining();
        }
    }

    /** Views in the piece. */
    public int count() {
        return count;
    }

    /** The piece is done, whatever was made of its views' positions, and the next begins behind it. */
    public void taken() {
        ByteBuffer last = piece[count - 1];
        for (int i = 0; i < count; i++) {
            piece[i].position(piece[i].limit());
        }
        last.limit(savedLimit);
    }

    /** Lets go of the request. */
    public void end() {
        views = null;
        Arrays.fill(piece, null);
    }
}
