package io.vmm4j.core.host;

import io.vmm4j.devices.virtio.vsock.VsockStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A guest on an event loop: takes every connection, and does with each what the test says. */
final class LoopGuest implements VsockSockets.Guest {
    private static final long LIMIT_SECONDS = 20;

    private final EpollEventLoop loop;
    private final BlockingQueue<Connection> asked = new LinkedBlockingQueue<>();
    private volatile boolean isRefusing;

    LoopGuest(EpollEventLoop loop) {
        this.loop = loop;
    }

    void refuseAll() {
        isRefusing = true;
    }

    @Override
    public boolean connect(long guestPort, VsockStream stream) {
        if (isRefusing) {
            return false;
        }
        asked.add(new Connection(guestPort, stream));
        return true;
    }

    /** The next connection that a host program has asked for. */
    Connection awaitConnection() throws InterruptedException {
        Connection connection = asked.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
        if (connection == null) {
            throw new AssertionError("nobody asked for a connection");
        }
        return connection;
    }

    boolean isUnasked() {
        return asked.isEmpty();
    }

    /** Makes a connection of the guest's. */
    Connection connect(VsockSockets sockets, long hostPort) throws Exception {
        return call(loop, () -> new Connection(hostPort, sockets.connect(hostPort)));
    }

    static <T> T call(EpollEventLoop loop, Callable<T> action) throws Exception {
        CompletableFuture<T> result = new CompletableFuture<>();
        loop.execute(() -> {
            try {
                result.complete(action.call());
            } catch (Exception e) {
                result.completeExceptionally(e);
            }
        });
        try {
            return result.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw e;
        }
    }

    /** One connection as the device has it. */
    final class Connection implements VsockStream.Listener {
        private final long port;
        private final VsockStream stream;
        private final BlockingQueue<String> news = new LinkedBlockingQueue<>();
        private final AtomicInteger told = new AtomicInteger();

        Connection(long port, VsockStream stream) {
            this.port = port;
            this.stream = stream;
            stream.open(this);
        }

        long port() {
            return port;
        }

        @Override
        public void readable() {
            tell("readable");
        }

        @Override
        public void writable() {
            tell("writable");
        }

        @Override
        public void hungUp() {
            tell("hung up");
        }

        private void tell(String what) {
            told.incrementAndGet();
            news.add(what);
        }

        /** How often the device was woken. */
        int wakeUps() {
            return told.get();
        }

        String awaitNews() throws InterruptedException {
            return news.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
        }

        void establish(long hostPort) throws Exception {
            call(loop, () -> {
                stream.established(hostPort);
                return null;
            });
        }

        /** One read: the text, "" when there was nothing, null at the end. */
        String readOnce(int most) throws Exception {
            return call(loop, () -> {
                ByteBuffer buffer = ByteBuffer.allocateDirect(most);
                int n = stream.read(buffer);
                if (n >= 0 && buffer.position() != n) {
                    throw new IllegalStateException("read returned " + n + " and moved the position to " + buffer.position());
                }
                byte[] bytes = new byte[Math.max(0, n)];
                buffer.get(0, bytes);
                return n < 0 ? null : new String(bytes, StandardCharsets.ISO_8859_1);
            });
        }

        /** Reads to the end, by the notifications alone. */
        byte[] readToEnd() throws Exception {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            while (true) {
                String text = readOnce(16 * 1024);
                if (text == null) {
                    return all.toByteArray();
                }
                all.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
                if (text.isEmpty() && awaitNews() == null) {
                    throw new AssertionError("no news after " + all.size() + " bytes");
                }
            }
        }

        /** One write. Returns the bytes taken. */
        int writeOnce(byte[] bytes) throws Exception {
            return call(loop, () -> stream.write(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip()));
        }

        /** Writes all, by the notifications alone. */
        void writeAll(byte[] bytes) throws Exception {
            ByteBuffer rest = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
            while (call(loop, () -> {
                stream.write(rest);
                return rest.hasRemaining();
            })) {
                if (awaitNews() == null) {
                    throw new AssertionError("no news with " + rest.remaining() + " bytes left");
                }
            }
        }

        void shutdownInput() throws Exception {
            call(loop, () -> {
                stream.shutdownInput();
                return null;
            });
        }

        void shutdownOutput() throws Exception {
            call(loop, () -> {
                stream.shutdownOutput();
                return null;
            });
        }

        void close() throws Exception {
            call(loop, () -> {
                stream.close();
                return null;
            });
        }
    }
}
