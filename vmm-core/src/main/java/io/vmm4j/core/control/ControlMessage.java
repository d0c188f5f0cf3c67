package io.vmm4j.core.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What goes over a control socket in either direction: one JSON object in one line, in UTF-8. The end of the line may be
 * left out where the sender sends no more, as dbs-cli does.
 */
final class ControlMessage {

    /** The request: what to do. */
    static final String ACTION = "action";
    /** {@link #ACTION}: go over to {@link #VCPU_COUNT} vCPUs. */
    static final String RESIZE_VCPU = "resize_vcpu";
    static final String VCPU_COUNT = "vcpu_count";
    /** The answer: {@link #DONE}, {@link #REFUSED} or {@link #FAILED}. */
    static final String RESULT = "result";
    static final String DONE = "done";
    /** The request cannot be. */
    static final String REFUSED = "refused";
    /** The request was tried. */
    static final String FAILED = "failed";
    /** The answer: one line for a person, with {@link #REFUSED} and {@link #FAILED}. */
    static final String MESSAGE = "message";

    static final int BYTES_MAX = 64 << 10;

    private static final ObjectMapper JSON = new ObjectMapper();

    private ControlMessage() {
    }

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    static ObjectNode answer(String result, String message) {
        ObjectNode answer = object().put(RESULT, result);
        return message == null ? answer : answer.put(MESSAGE, message);
    }

    /** The object in {@code line}; empty where there is something else. */
    static Optional<ObjectNode> parse(String line) {
        try {
            JsonNode node = JSON.readTree(line);
            return node instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    /** Sends {@code message} within the time. */
    static void send(SocketChannel channel, ObjectNode message, long withinMillis) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((message + "\n").getBytes(StandardCharsets.UTF_8));
        try (Patience patience = new Patience(channel, SelectionKey.OP_WRITE, withinMillis)) {
            while (bytes.hasRemaining()) {
                if (channel.write(bytes) == 0) {
                    patience.await();
                }
            }
        }
    }

    /** Receives a line within the time; what the other end has sent behind it is left. */
    static String receive(SocketChannel channel, long withinMillis) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES_MAX);
        try (Patience patience = new Patience(channel, SelectionKey.OP_READ, withinMillis)) {
            while (true) {
                int read = channel.read(bytes);
                String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
                int end = text.indexOf('\n');
                if (end >= 0 || read < 0) {
                    return end >= 0 ? text.substring(0, end) : text;
                }
                if (!bytes.hasRemaining()) {
                    throw new IOException("the line is longer than " + BYTES_MAX + " bytes");
                }
                if (read == 0) {
                    patience.await();
                }
            }
        }
    }

    /** Waits for a channel, up to a point in time. */
    private static final class Patience implements AutoCloseable {
        private final Selector selector = Selector.open();
        private final long end;

        Patience(SocketChannel channel, int operation, long withinMillis) throws IOException {
            end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(withinMillis);
            channel.configureBlocking(false);
            channel.register(selector, operation);
        }

        void await() throws IOException {
            long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (left <= 0 || selector.select(left) == 0 && System.nanoTime() - end >= 0) {
                throw new IOException("the other end was silent for too long");
            }
            selector.selectedKeys().clear();
        }

        @Override
        public void close() throws IOException {
            selector.close();
        }
    }
}
