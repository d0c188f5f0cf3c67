package io.vmm4j.core.machine;

import io.vmm4j.devices.serial.SerialSink;
import java.nio.charset.StandardCharsets;

/**
 * Watches what goes to a console for the line that a panicking kernel prints, and passes everything on.
 *
 * <p>Guarded by the lock of the device whose output it is.
 */
final class PanicText implements SerialSink {

    /** What is made of it. Called under the device's lock: short, never throws. */
    interface Listener {

        /** The kernel's line has come, with {@code text} behind it. */
        void printed(String text);

        /** So much has come since that the guest must have gone on. */
        void outlived();
    }

    private static final byte[] PANIC = "Kernel panic - not syncing".getBytes(StandardCharsets.US_ASCII);
    private static final int TEXT_MAX = 120;
    /** More than a kernel prints of registers, stack and modules when it panics. */
    private static final int OUTPUT_AFTER_MAX = 64 << 10;
    private static final int FIRST_PRINTABLE = ' ';
    private static final int LAST_PRINTABLE = '~';

    private final SerialSink sink;
    private final Listener listener;
    private final byte[] text = new byte[TEXT_MAX];
    /** Octets of {@link #PANIC} that have come; all of them while the text behind it is collected. */
    private int matched;
    private int length;
    /** Octets since the last such line; negative when there was none. */
    private int since = -1;

    PanicText(SerialSink sink, Listener listener) {
        this.sink = sink;
        this.listener = listener;
    }

    @Override
    public boolean hasRoom() {
        return sink.hasRoom();
    }

    @Override
    public void write(int octet) {
        sink.write(octet);
        if (since >= 0 && ++since > OUTPUT_AFTER_MAX) {
            since = -1;
            listener.outlived();
        }
        if (matched == PANIC.length) {
            collect(octet);
        } else if (octet == PANIC[matched]) {
            if (++matched == PANIC.length) {
                length = 0;
                since = 0;
                // The rest of the line may never come.
                listener.printed("");
            }
        } else {
            // The first letter is there only once.
            matched = octet == PANIC[0] ? 1 : 0;
        }
    }

    private void collect(int octet) {
        if (octet == '\n' || octet == '\r' || length == text.length) {
            matched = 0;
            listener.printed(textSoFar());
        } else {
            text[length++] = (byte) (octet >= FIRST_PRINTABLE && octet <= LAST_PRINTABLE ? octet : '?');
        }
    }

    private String textSoFar() {
        String line = new String(text, 0, length, StandardCharsets.US_ASCII);
        return (line.startsWith(":") ? line.substring(1) : line).strip();
    }
}
