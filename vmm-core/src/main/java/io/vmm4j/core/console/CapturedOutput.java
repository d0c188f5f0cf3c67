package io.vmm4j.core.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Objects;

/** What a guest has printed and prints, as a stream with a place of its own. For one reader at a time. */
final class CapturedOutput extends InputStream {

    private final CapturedConsole console;
    private long position;

    CapturedOutput(CapturedConsole console, long position) {
        this.console = console;
        this.position = position;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, into.length);
        if (length == 0) {
            return 0;
        }
        long oldest = console.oldest();
        if (position < oldest) {
            long lost = oldest - position;
            position = oldest;
            throw new IOException(lost + " bytes of the guest's output were forgotten before they were read");
        }
        try {
            int read = console.read(position, into, offset, length);
            position += Math.max(read, 0);
            return read;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for the guest's output");
        }
    }

    @Override
    public int available() {
        return console.available(position);
    }
}
