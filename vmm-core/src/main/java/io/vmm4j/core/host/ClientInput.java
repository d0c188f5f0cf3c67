package io.vmm4j.core.host;

import io.vmm4j.core.console.SerialPort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the clients of a socket console, one after the other in the order they came, on one thread that is there from the
 * start. Of a client that takes no more output, what it has sent by then is read, so that it keeps the next from nothing.
 *
 * <p>Reading is confined to the thread; the other methods are for any.
 */
final class ClientInput implements AutoCloseable {

    private static final int BATCH = 4096;
    private static final long CLOSE_LIMIT_MILLIS = 1_000;
    private static final Logger LOG = LoggerFactory.getLogger(ClientInput.class);

    private final InputQueue queue;
    private final ClientOutput output;
    private final Thread reader;
    private final Selector readable;
    /** Guarded by this. */
    private final Deque<ClientOutput.Client> arrivals = new ArrayDeque<>();
    private final byte[] bytes = new byte[BATCH];
    private final ByteBuffer buffer = ByteBuffer.wrap(bytes);
    private volatile boolean closing;

    /**
     * @param port   takes what was read
     * @param output hears of the end of each client's input
     * @throws IOException when the host has no descriptors for it
     */
    ClientInput(SerialPort port, ClientOutput output) throws IOException {
        this.queue = new InputQueue(port, InputQueue.CAPACITY);
        this.output = output;
        this.readable = Selector.open();
        this.reader = new Thread(this::readUntilClosed, "console-in");
        reader.setDaemon(true);
    }

    /** @throws IOException when the host has no thread for it; to be closed then */
    void start(SerialPort port) throws IOException {
        queue.start();
        port.own(reader);
        Threads.start(reader);
    }

    /** Reads {@code client}, whose channel does not block, until its end. */
    synchronized void add(ClientOutput.Client client) {
        arrivals.add(client);
        notifyAll();
    }

    /** Has the reader look whether its client takes output no more. */
    void wake() {
        readable.wakeup();
    }

    private void readUntilClosed() {
        try {
            for (ClientOutput.Client client = next(); client != null; client = next()) {
                readUntilEnd(client);
            }
        } catch (InterruptedException e) {
            // Nobody but the owner of the process's threads interrupts this one: no more input then.
            Thread.currentThread().interrupt();
        }
    }

    /** Null at the end. */
    private synchronized ClientOutput.Client next() throws InterruptedException {
        while (arrivals.isEmpty() && !closing) {
            wait();
        }
        return closing ? null : arrivals.poll();
    }

    private void readUntilEnd(ClientOutput.Client client) throws InterruptedException {
        try {
            SelectionKey key = client.channel().register(readable, SelectionKey.OP_READ);
            try {
                readAll(client);
            } finally {
                key.cancel();
                readable.selectNow(); // which lets go of a channel that is closed
            }
        } catch (IOException e) {
            LOG.debug("a client left: {}", e.toString());
        } finally {
            output.inputEnded(client);
        }
    }

    private void readAll(ClientOutput.Client client) throws IOException, InterruptedException {
        while (!closing) {
            // Asked before the look for bytes: what was sent before the end of output is read.
            boolean isLast = client.isOutputEnded();
            int read = client.channel().read(buffer.clear());
            if (read < 0 || read == 0 && isLast) {
                return;
            }
            if (read > 0) {
                queue.put(bytes, 0, read);
            } else {
                readable.select();
                readable.selectedKeys().clear();
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
        }
    }

    /** Ends reading, and forgets what the guest has not taken. */
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
            notifyAll();
        }
        queue.close();
        // By no interrupt, which might close the client's channel: its last output is still to come.
        readable.wakeup();
        Threads.joinWithin(reader, CLOSE_LIMIT_MILLIS);
        try {
            readable.close();
        } catch (IOException e) {
            LOG.debug("closing a selector: {}", e.getMessage());
        }
    }
}
