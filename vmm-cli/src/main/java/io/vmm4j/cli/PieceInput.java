package io.vmm4j.cli;

import io.vmm4j.core.image.ShellRun;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * A stream in the form in which the guest of {@code vmm shell} takes its input: pieces, each a line with its length and then so many bytes, the
 * last of length 0. Nothing comes before the guest is ready. A stream that fails ends as one does that has no more, so that who reads it does not wait
 * for ever; it is told of. Confined to the thread that reads.
 */
final class PieceInput extends InputStream {

    private final InputStream source;
    private final CountDownLatch ready;
    private final Consumer<String> failed;
    private byte[] piece = new byte[0];
    private int at;
    private boolean hasEnded;

    /**
     * @param ready  open once the guest takes input
     * @param failed hears why the stream has failed, at most once
     */
    PieceInput(InputStream source, CountDownLatch ready, Consumer<String> failed) {
        this.source = source;
        this.ready = ready;
        this.failed = failed;
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) {
        if (length == 0) {
            return 0;
        }
        if (at == piece.length && !next()) {
            return -1;
        }
        int n = Math.min(length, piece.length - at);
        System.arraycopy(piece, at, bytes, offset, n);
        at += n;
        return n;
    }

    private boolean next() {
        if (hasEnded) {
            return false;
        }
        try {
            ready.await();
        } catch (InterruptedException e) {
            // The machine ends.
            Thread.currentThread().interrupt();
            return false;
        }
        byte[] data = new byte[ShellRun.PIECE_MAX];
        int n = fill(data);
        hasEnded = n == 0;
        byte[] head = (n + "\n").getBytes(StandardCharsets.US_ASCII);
        piece = new byte[head.length + n];
        System.arraycopy(head, 0, piece, 0, head.length);
        System.arraycopy(data, 0, piece, head.length, n);
        at = 0;
        return true;
    }

    /** Bytes read; 0 at the end. */
    private int fill(byte[] data) {
        try {
            return Math.max(0, source.read(data));
        } catch (IOException e) {
            failed.accept(e.getMessage());
            return 0;
        }
    }
}
