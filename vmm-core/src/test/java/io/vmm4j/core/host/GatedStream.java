package io.vmm4j.core.host;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** A reader of output that takes one write a permit, or all, or has gone. */
final class GatedStream extends OutputStream {
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private int permits;
    private boolean open;
    private boolean broken;
    private int blocked;

    static GatedStream open() {
        GatedStream stream = new GatedStream();
        stream.openGate();
        return stream;
    }

    @Override
    public void write(int octet) throws IOException {
        write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
        blocked++;
        notifyAll();
        while (!open && !broken && permits == 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                throw new AssertionError("the writer was interrupted", e);
            }
        }
        blocked--;
        if (broken) {
            throw new IOException("Broken pipe");
        }
        permits = Math.max(0, permits - 1);
        taken.write(bytes, offset, length);
        notifyAll();
    }

    synchronized void openGate() {
        open = true;
        notifyAll();
    }

    synchronized void shutGate() {
        open = false;
    }

    synchronized void takeOne() {
        permits++;
        notifyAll();
    }

    synchronized void breakPipe() {
        broken = true;
        notifyAll();
    }

    /** Waits until the writer is inside a write that does not return. */
    synchronized void awaitBlocked() throws InterruptedException {
        while (blocked == 0) {
            wait();
        }
    }

    /** What was taken once it is {@code count} bytes or more, or the time is up. */
    synchronized byte[] await(int count) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(RecordingPort.LIMIT_SECONDS);
        while (taken.size() < count && System.nanoTime() < deadline) {
            wait(1_000);
        }
        return taken.toByteArray();
    }

    synchronized String text() {
        return taken.toString(StandardCharsets.ISO_8859_1);
    }
}
