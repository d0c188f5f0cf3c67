package io.vmm4j.bench.warm;

import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.console.SerialPort;
import io.vmm4j.devices.serial.SerialSink;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A console that notes when the guest's first byte comes. */
final class FirstByte implements SerialConsole, SerialSink {

    private static final long LIMIT_SECONDS = 60;

    private final CountDownLatch come = new CountDownLatch(1);
    /** Written before the latch opens. */
    private long nanos;

    /** Waits for it, and returns the {@link System#nanoTime} at which it came. */
    long await() throws InterruptedException {
        if (!come.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("no byte from the guest in " + LIMIT_SECONDS + " s");
        }
        return nanos;
    }

    @Override
    public SerialSink output() {
        return this;
    }

    @Override
    public void attach(SerialPort port) {
        // Nothing is typed.
    }

    @Override
    public boolean hasRoom() {
        return true;
    }

    @Override
    public void write(int octet) {
        if (come.getCount() > 0) {
            nanos = System.nanoTime();
            come.countDown();
        }
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
