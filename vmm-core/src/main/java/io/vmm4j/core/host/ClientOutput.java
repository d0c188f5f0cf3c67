package io.vmm4j.core.host;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stream behind a socket console's output buffer: to the client when there is one, else to memory that keeps the
 * last {@value #KEPT} bytes for the next. Kept bytes are forgotten once a client that got them has taken further output
 * too, so that one who merely looked in leaves them for the next.
 *
 * <p>Writing is confined to the output buffer's writer; the other methods are for any thread. Connections do not block: the
 * writer waits for one that is full by a selector, which is there from {@link #open} on, as no descriptor may be had later.
 */
final class ClientOutput extends OutputStream {
    private static final Logger LOG = LoggerFactory.getLogger(ClientOutput.class);
    /** Bytes kept while nobody is connected, a power of two. */
    static final int KEPT = 64 * 1024;

    /** Connections that may be open, the client's and those whose last input is still being read. */
    private static final int MAX_OPEN = 8;
    /** How long a newcomer waits for a client that has just left, before it is told that there is one. */
    private static final long GRACE_MILLIS = 500;

    /* Guarded by this. */
    private final List<Client> open = new ArrayList<>();
    private Client client;
    private boolean closed;
    private Runnable onOutputEnd = () -> { };
    private Consumer<Boolean> onChange = connected -> { };
    /** Tells the writer of room; null before {@link #open}. */
    private volatile Selector room;

    /* Confined to the writer. */
    private final byte[] kept = new byte[KEPT];
    private long keptEnd;
    private long keptStart;

    /** One connection. */
    static final class Client {
        private final SocketChannel channel;
        /** Guarded by the stream. */
        private boolean inputEnded;
        /** Guarded by the stream. */
        private boolean toldOfEnd;
        /** Confined to the writer. */
        private boolean greeted;
        /** Takes no more output. */
        private volatile boolean outputEnded;

        private Client(SocketChannel channel) {
            this.channel = channel;
        }

        SocketChannel channel() {
            return channel;
        }

        /** Whether it has left, as far as the output shows; what it sent before is still to be read. */
        boolean isOutputEnded() {
            return outputEnded;
        }
    }

    /**
     * Gets what writing will need.
     *
     * @param onOutputEnd hears of a client that takes no more, on the writer
     * @param onChange    hears of a client that has come, true, or that has left or sends no more, false; must not wait
     */
    void open(Runnable onOutputEnd, Consumer<Boolean> onChange) throws IOException {
        this.onOutputEnd = onOutputEnd;
        synchronized (this) {
            this.onChange = onChange;
        }
        room = Selector.open();
    }

    /** Makes {@code channel}, which does not block, the client, unless there is one that may still send; null then. */
    synchronized Client admit(SocketChannel channel) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(GRACE_MILLIS);
        for (long left = end - System.nanoTime(); !isFree() && left > 0; left = end - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        if (!isFree()) {
            return null;
        }
        if (client != null) {
            shut(client);
        }
        client = new Client(channel);
        open.add(client);
        onChange.accept(true);
        return client;
    }

    private boolean isFree() {
        return !closed && open.size() < MAX_OPEN && (client == null || client.inputEnded);
    }

    /**
     * Says that nothing more comes from a connection. Whether a client still reads shows only at the next write, so it
     * stays the client until then, or until another comes.
     */
    synchronized void inputEnded(Client from) {
        from.inputEnded = true;
        tellOfEnd(from);
        if (from != client) {
            shut(from);
        }
        notifyAll();
    }

    /** Says that a client takes no more. What it sent before it left is still to be read. */
    private void outputEnded(Client to) {
        synchronized (this) {
            to.outputEnded = true;
            tellOfEnd(to);
            if (to == client) {
                client = null;
            }
            if (to.inputEnded) {
                shut(to);
            }
            notifyAll();
        }
        onOutputEnd.run();
    }

    /** Once a client, before there can be another. */
    private void tellOfEnd(Client gone) {
        if (!gone.toldOfEnd) {
            gone.toldOfEnd = true;
            onChange.accept(false);
        }
    }

    private synchronized Client current() {
        return client;
    }

    /* Ends reads and writes that are under way, too. */
    private void shut(Client gone) {
        open.remove(gone);
        tellOfEnd(gone);
        try {
            gone.channel.close();
        } catch (IOException e) {
            LOG.debug("closing a connection: {}", e.getMessage());
        }
        if (room != null) {
            room.wakeup();
        }
    }

    @Override
    public void write(int octet) {
        write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        ByteBuffer rest = ByteBuffer.wrap(bytes, offset, length);
        Client to = greeted();
        if (to != null) {
            try {
                writeAll(to, rest);
                keptStart = keptEnd;
            } catch (IOException e) {
                // The client has left; what it did not take is kept for the next.
                outputEnded(to);
            }
        }
        while (rest.hasRemaining()) {
            keep(rest.get());
        }
    }

    /** Greets a client that has come since the last write. */
    @Override
    public void flush() {
        greeted();
    }

    /** The client, which has got what was kept; null when there is none. */
    private Client greeted() {
        Client to = current();
        if (to == null || to.greeted) {
            return to;
        }
        to.greeted = true;
        int from = (int) keptStart & KEPT - 1;
        int length = (int) (keptEnd - keptStart);
        int toWrap = Math.min(length, KEPT - from);
        try {
            writeAll(to, ByteBuffer.wrap(kept, from, toWrap));
            writeAll(to, ByteBuffer.wrap(kept, 0, length - toWrap));
            return to;
        } catch (IOException e) {
            // It has left again; the next one gets all that is kept.
            outputEnded(to);
            return null;
        }
    }

    private void writeAll(Client to, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            if (to.channel.write(bytes) == 0) {
                awaitRoom(to);
            }
        }
    }

    private void awaitRoom(Client to) throws IOException {
        try {
            SelectionKey key = to.channel.register(room, SelectionKey.OP_WRITE);
            room.select();
            // An interrupt would end every further wait at once; nobody here has a use for one.
            Thread.interrupted();
            key.cancel();
            // A channel that is closed meanwhile keeps its descriptor until the selector has let go of it.
            room.selectNow();
        } catch (ClosedSelectorException | CancelledKeyException e) {
            throw new ClosedChannelException();
        }
    }

    private void keep(byte octet) {
        kept[(int) keptEnd & KEPT - 1] = octet;
        keptEnd++;
        keptStart = Math.max(keptStart, keptEnd - KEPT);
    }

    /** Disconnects all and admits no other. */
    @Override
    public synchronized void close() {
        closed = true;
        client = null;
        for (Client each : new ArrayList<>(open)) {
            shut(each);
        }
        notifyAll();
        try {
            if (room != null) {
                room.close();
            }
        } catch (IOException e) {
            LOG.debug("closing a selector: {}", e.getMessage());
        }
    }
}
