package io.vmm4j.core.host;

import io.vmm4j.core.console.SerialPort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * This process's terminal, or standard input and output, at the console of a machine of another process, by its {@link SocketConsole}.
 * All is as with a {@link StdioConsole}, and Ctrl-A d leaves the machine running. Not thread-safe; may be used once.
 */
public final class ConsoleClient {

    /** How it was left. */
    public enum End {
        /** Ctrl-A d: the machine goes on. */
        LEFT,
        /** Ctrl-A x: the machine's end is asked for. */
        STOP_ASKED,
        /** The machine has closed its console, as it does at its end. */
        CLOSED,
        /** Another client is there. */
        BUSY,
        /** Standard output cannot be written to, or nobody reads it any more; the machine goes on. */
        OUTPUT_LOST
    }

    /** What the machine is told of the terminal. */
    @FunctionalInterface
    public interface Window {
        /** @param columns 1 to 65535, as {@code rows} */
        void resize(int columns, int rows);
    }

    private static final int PIECE = 4096;

    private final Window window;
    private final AtomicReference<End> end = new AtomicReference<>();

    /** @param window hears of the terminal's size, on a thread of the console's; {@code null} for a console without */
    public ConsoleClient(Window window) {
        this.window = window;
    }

    /**
     * Attaches to the console at {@code socket} until it is left or closed. The terminal is as it was then.
     *
     * @throws IOException when nobody listens there, or the terminal cannot be had
     */
    public End attach(Path socket) throws IOException {
        try (SocketChannel channel = ChannelAddress.connect(socket)) {
            Runnable lose = () -> finish(channel, End.OUTPUT_LOST);
            StandardOutput.whenReaderGone(lose);
            try (StdioConsole console = StdioConsole.thatCanBeLeft(() -> finish(channel, End.LEFT), lose)) {
                Port port = new Port(channel);
                console.attach(port);
                passOutput(channel, console, port);
            }
        }
        return end.get();
    }

    private void finish(SocketChannel channel, End how) {
        end.compareAndSet(null, how);
        try {
            channel.close();
        } catch (IOException e) {
            // It is of no use any more.
            return;
        }
    }

    private void passOutput(SocketChannel channel, StdioConsole console, Port port) {
        ByteBuffer piece = ByteBuffer.allocate(PIECE);
        BusyNotice notice = new BusyNotice();
        try {
            while (channel.read(piece.clear()) >= 0) {
                piece.flip();
                ByteBuffer held = notice.filter(piece);
                pass(held, console, port);
                pass(piece, console, port);
            }
        } catch (IOException e) {
            // Closed by this end, or by a machine that has ended without reading all.
        }
        end.compareAndSet(null, notice.isWhole() ? End.BUSY : End.CLOSED);
        if (!notice.isWhole()) {
            pass(notice.rest(), console, port);
        }
    }

    private void pass(ByteBuffer bytes, StdioConsole console, Port port) {
        while (bytes.hasRemaining()) {
            port.awaitRoom(console);
            console.output().write(bytes.get() & 0xFF);
        }
    }

    /** The machine's end of the line. */
    private final class Port implements SerialPort {

        private final SocketChannel channel;
        private final Thread passing = Thread.currentThread();
        /** Confined to the console's reader. */
        private int told;

        Port(SocketChannel channel) {
            this.channel = channel;
        }

        void awaitRoom(StdioConsole console) {
            while (!console.output().hasRoom()) {
                LockSupport.park(this);
            }
        }

        @Override
        public void send(byte[] data, int offset, int length) {
            try {
                ByteBuffer rest = ByteBuffer.wrap(data, offset, length);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
            } catch (IOException e) {
                // It is closed, which the other direction shows.
                return;
            }
        }

        @Override
        public void outputReady() {
            LockSupport.unpark(passing);
        }

        @Override
        public boolean hasWindow() {
            return window != null;
        }

        @Override
        public void resize(int columns, int rows) {
            int size = columns << 16 | rows;
            if (size != told && columns > 0 && rows > 0) {
                told = size;
                window.resize(columns, rows);
            }
        }

        @Override
        public void requestStop(String why) {
            finish(channel, End.STOP_ASKED);
        }
    }

    /** Tells the line of a console that has another client from what a guest prints. */
    private static final class BusyNotice {

        private int matched;
        private boolean isOver;

        /** Takes what begins as the notice does out of {@code piece}; returns what it had held back and is none. */
        ByteBuffer filter(ByteBuffer piece) {
            while (!isOver && piece.hasRemaining()) {
                if (matched < SocketConsole.BUSY.length && piece.get(piece.position()) == SocketConsole.BUSY[matched]) {
                    matched++;
                    piece.get();
                } else {
                    isOver = true;
                }
            }
            return isOver ? rest() : ByteBuffer.allocate(0);
        }

        /** What it has held back, once. */
        ByteBuffer rest() {
            ByteBuffer held = ByteBuffer.wrap(SocketConsole.BUSY, 0, matched);
            matched = 0;
            return held;
        }

        boolean isWhole() {
            return !isOver && matched == SocketConsole.BUSY.length;
        }
    }
}
