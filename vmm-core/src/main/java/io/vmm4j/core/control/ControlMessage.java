package io.vmm4j.core.control;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
    /** {@link #ACTION}: say how it is; the answer has it as {@link #VALUE}. */
    static final String INFO = "info";
    /** {@link #ACTION}: say what it has done; the answer has it as {@link #VALUE}. */
    static final String STATS = "stats";
    /** {@link #ACTION}: say what it has done, with {@link #TEXT} in {@link #VALUE}. */
    static final String PROMETHEUS = "prometheus";
    static final String TEXT = "text";
    /** {@link #ACTION}: the answer is followed by what happens, a line each. */
    static final String EVENTS = "events";
    static final String PAUSE = "pause";
    static final String RESUME = "resume";
    /** {@link #ACTION}: press the power button, and wait for {@link #TIMEOUT_MS}; the answer says whether the guest has {@link #OBEYED}. */
    static final String STOP = "stop";
    static final String TIMEOUT_MS = "timeout_ms";
    static final int TIMEOUT_MS_MAX = 3_600_000;
    static final String OBEYED = "obeyed";
    static final String KILL = "kill";
    /** {@link #ACTION}: the console's client has a terminal of {@link #COLUMNS} and {@link #ROWS}. */
    static final String RESIZE_CONSOLE = "resize_console";
    static final String COLUMNS = "columns";
    static final String ROWS = "rows";
    /**
     * {@link #ACTION}: save the machine as {@link #DIRECTORY}, as a diff to {@link #DIFF_OF}, {@link #REPLACE replacing} what is there;
     * {@link #THEN} says what becomes of it. The answer is {@link #BEGUN}; how far it is follows, and its {@link #RESULT} comes last.
     */
    static final String SNAPSHOT = "snapshot";
    static final String DIRECTORY = "directory";
    static final String DIFF_OF = "diff_of";
    static final String REPLACE = "replace";
    static final String THEN = "then";
    static final String SAVED_BYTES = "saved_bytes";
    static final String MEMORY_BYTES = "memory_bytes";
    static final String ID = "id";
    static final String NOTE = "note";
    /** The answer: what was asked for. */
    static final String VALUE = "value";
    /** The answer: {@link #DONE}, {@link #BEGUN}, {@link #REFUSED} or {@link #FAILED}. */
    static final String RESULT = "result";
    static final String DONE = "done";
    /** It is being done, and what comes of it follows. */
    static final String BEGUN = "begun";
    /** The request cannot be. */
    static final String REFUSED = "refused";
    /** The request was tried. */
    static final String FAILED = "failed";
    /** The answer: one line for a person, with {@link #REFUSED} and {@link #FAILED}. */
    static final String MESSAGE = "message";

    static final int BYTES_MAX = 64 << 10;
    /** Characters of a message: enough for a person. */
    private static final int MESSAGE_MAX = 4_000;

    private static final ObjectMapper JSON = JsonMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).build();

    static final String NO_OBJECT = "it is not a JSON object in one line";
    /** How Jackson tells of a key that comes a second time. */
    private static final Pattern TWICE = Pattern.compile("Duplicate field '(.*?)'");

    private ControlMessage() {
    }

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    static ObjectNode answer(String result, String message) {
        ObjectNode answer = object().put(RESULT, result);
        return message == null ? answer : answer.put(MESSAGE, message.length() > MESSAGE_MAX ? message.substring(0, MESSAGE_MAX) + "…" : message);
    }

    static ObjectNode refused(String message) {
        return answer(REFUSED, message);
    }

    /**
     * The object that {@code line} is.
     *
     * @throws IllegalArgumentException when it is something else, or more, or has a key twice; the message says what
     */
    static ObjectNode parse(String line) {
        try (JsonParser parser = JSON.createParser(line)) {
            JsonNode node = JSON.readTree(parser);
            if (!(node instanceof ObjectNode)) {
                throw new IllegalArgumentException(NO_OBJECT);
            }
            requireEnd(parser);
            return (ObjectNode) node;
        } catch (JsonProcessingException e) {
            Matcher twice = TWICE.matcher(e.getOriginalMessage());
            throw new IllegalArgumentException(twice.lookingAt() ? "the key \"" + twice.group(1) + "\" is given twice" : NO_OBJECT, e);
        } catch (IOException e) {
            throw new IllegalStateException("a text in memory is always readable", e);
        }
    }

    private static void requireEnd(JsonParser parser) throws IOException {
        boolean isAtEnd;
        try {
            isAtEnd = parser.nextToken() == null;
        } catch (JsonProcessingException e) {
            isAtEnd = false;
        }
        if (!isAtEnd) {
            throw new IllegalArgumentException("there is text behind the object");
        }
    }

    /** The bytes of {@code message} with the end of the line, to be sent. */
    static byte[] encode(ObjectNode message) {
        return (message + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** The text of a line that was received in pieces. Not thread-safe. */
    static final class Line {

        private static final int FIRST_SIZE = 1024;

        private ByteBuffer bytes = ByteBuffer.allocate(FIRST_SIZE);
        private int end = -1;
        /** There was text behind the line in the piece that had its end. */
        private boolean hasMore;

        /** Takes what is in {@code piece}; returns whether the line is whole. What is behind it stays there. */
        boolean add(ByteBuffer piece) {
            while (piece.hasRemaining() && end < 0 && !isTooLong()) {
                byte octet = piece.get();
                if (octet == '\n') {
                    end = bytes.position();
                } else {
                    roomForOne().put(octet);
                }
            }
            for (int i = piece.position(); i < piece.limit() && end >= 0; i++) {
                hasMore |= piece.get(i) > ' ' || piece.get(i) < 0;
            }
            return end >= 0;
        }

        /** Why it can be no request whatever it says, or {@code null}. */
        String problem() {
            if (isTooLong()) {
                return "the request is longer than " + BYTES_MAX + " bytes";
            }
            if (hasMore) {
                return "a connection takes one request, and there is text behind its line";
            }
            return isText() ? null : "the request is not UTF-8 text";
        }

        private ByteBuffer roomForOne() {
            if (!bytes.hasRemaining()) {
                bytes = ByteBuffer.allocate(Math.min(2 * bytes.capacity(), BYTES_MAX + 1)).put(bytes.flip());
            }
            return bytes;
        }

        /** Whether it has more than {@value #BYTES_MAX} bytes. */
        boolean isTooLong() {
            return bytes.position() > BYTES_MAX;
        }

        boolean isEmpty() {
            return bytes.position() == 0;
        }

        private boolean isText() {
            try {
                StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate().flip());
                return true;
            } catch (CharacterCodingException e) {
                return false;
            }
        }

        /** The line, as far as it has come. */
        String text() {
            return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
        }
    }
}
