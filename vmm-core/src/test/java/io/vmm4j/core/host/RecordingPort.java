package io.vmm4j.core.host;

import io.vmm4j.core.console.SerialPort;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The guest's end of a console: records input, takes it only as fast as the test allows. */
class RecordingPort implements SerialPort {
    static final long LIMIT_SECONDS = 20;

    /** One permit a byte that the guest may take; {@link #holdBack()} takes them away. */
    private final Semaphore mayTake = new Semaphore(Integer.MAX_VALUE / 2);
    private final Semaphore ready = new Semaphore(0);
    private final CountDownLatch held = new CountDownLatch(1);
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final CompletableFuture<String> stop = new CompletableFuture<>();

    @Override
    public void send(byte[] data, int offset, int length) throws InterruptedException {
        for (int i = 0; i < length; i++) {
            take();
            synchronized (this) {
                received.write(data[offset + i]);
                notifyAll();
            }
        }
    }

    private void take() throws InterruptedException {
        if (mayTake.tryAcquire()) {
            return;
        }
        held.countDown();
        try {
            mayTake.acquire();
        } catch (InterruptedException e) {
            interrupted.countDown();
            throw e;
        }
    }

    @Override
    public void outputReady() {
        ready.release();
    }

    @Override
    public void requestStop(String why) {
        stop.complete(why);
    }

    void holdBack() {
        mayTake.drainPermits();
    }

    void allow(int bytes) {
        mayTake.release(bytes);
    }

    boolean awaitReady() throws InterruptedException {
        return ready.tryAcquire(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    String awaitStop() throws Exception {
        return stop.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    /** Waits until a send is held back by the guest. */
    boolean awaitHeld() throws InterruptedException {
        return held.await(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    /** Waits until a send that the guest held back was interrupted. */
    boolean awaitInterrupted() throws InterruptedException {
        return interrupted.await(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    boolean isStopAsked() {
        return stop.isDone();
    }

    synchronized byte[] received() {
        return received.toByteArray();
    }

    /** What was received once it is {@code count} bytes or more, or the time is up. */
    synchronized byte[] await(int count) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (received.size() < count && System.nanoTime() < deadline) {
            wait(1_000);
        }
        return received.toByteArray();
    }

    String awaitText(int count) throws InterruptedException {
        return new String(await(count), StandardCharsets.ISO_8859_1);
    }
}
