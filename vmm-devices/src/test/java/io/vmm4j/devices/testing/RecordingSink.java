package io.vmm4j.devices.testing;

import io.vmm4j.devices.serial.SerialSink;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** A serial sink that keeps what it is given, up to a room set by hand. Thread-safe. */
public final class RecordingSink implements SerialSink {

    private final ByteArrayOutputStream octets = new ByteArrayOutputStream();
    private long room = Long.MAX_VALUE;

    @Override
    public synchronized boolean hasRoom() {
        return room > 0;
    }

    @Override
    public synchronized void write(int octet) {
        if (room == 0) {
            throw new IllegalStateException("octet 0x" + Integer.toHexString(octet) + " written to a sink without room");
        }
        room--;
        octets.write(octet);
    }

    /** Sets how many more octets fit. The sink's owner would now call outputReady; the test does. */
    public synchronized void setRoom(long octets) {
        room = octets;
    }

    /** All octets so far. */
    public synchronized byte[] octets() {
        return octets.toByteArray();
    }

    /** All octets so far, as Latin-1 text. */
    public synchronized String text() {
        return octets.toString(StandardCharsets.ISO_8859_1);
    }
}
