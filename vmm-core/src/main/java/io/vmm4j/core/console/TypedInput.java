package io.vmm4j.core.console;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;

/** A stream whose bytes are typed to a guest. */
final class TypedInput extends OutputStream {

    private final CapturedConsole console;

    TypedInput(CapturedConsole console) {
        this.console = console;
    }

    @Override
    public void write(int octet) throws IOException {
        write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            console.type(bytes, offset, length);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the guest was not reading");
        }
    }
}
