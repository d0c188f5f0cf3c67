package io.vmm4j.devices.serial;

import io.vmm4j.devices.text.Printable;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * A sink that cuts the guest's output into lines of plain text, for a log: UTF-8, with terminal escape sequences and
 * control characters removed and malformed bytes replaced, so that a guest cannot forge log lines or drive the terminal
 * of who reads them. A line longer than the bound is handed on in pieces. Bounding how many lines come is the consumer's.
 *
 * <p>Always has room. Guarded by the lock of the UART it belongs to; {@link #flush} takes the splitter's own lock too, so
 * it may be called from any thread.
 */
public final class LineSplitter implements SerialSink {

    /** A bound that suits a log: bytes. */
    public static final int DEFAULT_MAX_LENGTH = 1024;

    private static final int ESCAPE = 0x1b;
    private static final int DELETE = 0x7f;

    /** Where in a terminal escape sequence (ECMA-48) the output is. */
    private enum Escape { NONE, STARTED, CONTROL_SEQUENCE }

    private final Consumer<String> lines;
    private final byte[] line;
    private int length;
    private Escape escape = Escape.NONE;

    /** Lines of at most {@value #DEFAULT_MAX_LENGTH} bytes. */
    public LineSplitter(Consumer<String> lines) {
        this(lines, DEFAULT_MAX_LENGTH);
    }

    /**
     * @param lines     takes each line, without its end; called on vCPU threads under the UART's lock, so it must not block
     * @param maxLength longest line in bytes, 1 or more
     */
    public LineSplitter(Consumer<String> lines, int maxLength) {
        this.lines = Objects.requireNonNull(lines);
        this.line = new byte[maxLength];
    }

    @Override
    public boolean hasRoom() {
        return true;
    }

    @Override
    public synchronized void write(int octet) {
        switch (escape) {
            case STARTED -> escape = octet == '[' ? Escape.CONTROL_SEQUENCE : Escape.NONE;
            case CONTROL_SEQUENCE -> {
                // A final byte ends the sequence; a control character in it means that it was cut short.
                if (octet >= 0x40 && octet < DELETE) {
                    escape = Escape.NONE;
                } else if (octet < 0x20) {
                    escape = Escape.NONE;
                    text(octet);
                }
            }
            case NONE -> text(octet);
        }
    }

    /** Hands on what has come since the last end of line, if anything. */
    public synchronized void flush() {
        if (length > 0) {
            emit();
        }
    }

    private void text(int octet) {
        if (octet == ESCAPE) {
            escape = Escape.STARTED;
        } else if (octet == '\n') {
            emit();
        } else if (octet == '\t' || octet >= 0x20 && octet != DELETE) {
            if (length == line.length) {
                emit();
            }
            line[length++] = (byte) octet;
        }
    }

    private void emit() {
        String text = new String(line, 0, length, StandardCharsets.UTF_8);
        length = 0;
        StringBuilder plain = new StringBuilder(text.length());
        text.codePoints().filter(codePoint -> codePoint == '\t' || Printable.isPlain(codePoint)).forEach(plain::appendCodePoint);
        lines.accept(plain.toString());
    }
}
