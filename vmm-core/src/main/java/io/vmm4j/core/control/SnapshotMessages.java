package io.vmm4j.core.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A snapshot as it is asked for and told of over a control socket. Confined to the thread that saves. */
final class SnapshotMessages implements SnapshotProgress {

    private static final List<String> KEYS = List.of(ControlMessage.DIRECTORY, ControlMessage.DIFF_OF, ControlMessage.REPLACE, ControlMessage.THEN);
    private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final ControlStream stream;
    private long toldNanos = System.nanoTime();

    SnapshotMessages(ControlStream stream) {
        this.stream = stream;
    }

    static ObjectNode request(SnapshotOrder order) {
        ObjectNode request = ControlMessage.object().put(ControlMessage.ACTION, ControlMessage.SNAPSHOT)
                .put(ControlMessage.DIRECTORY, order.directory().toString()).put(ControlMessage.REPLACE, order.isReplaced())
                .put(ControlMessage.THEN, order.then().word());
        return order.diffOf() == null ? request : request.put(ControlMessage.DIFF_OF, order.diffOf().toString());
    }

    /** @throws IllegalArgumentException in one line when {@code request} cannot be */
    static SnapshotOrder order(ObjectNode request) {
        ControlRequests.requireKnown(request, KEYS);
        Path directory = path(request, ControlMessage.DIRECTORY);
        if (directory == null) {
            throw new IllegalArgumentException(ControlMessage.DIRECTORY + " is missing");
        }
        JsonNode replace = request.path(ControlMessage.REPLACE);
        if (!replace.isMissingNode() && !replace.isBoolean()) {
            throw new IllegalArgumentException(ControlMessage.REPLACE + " must be true or false, and is " + replace);
        }
        String then = text(request, ControlMessage.THEN);
        return new SnapshotOrder(directory, path(request, ControlMessage.DIFF_OF), replace.asBoolean(),
                then == null ? SnapshotOrder.Then.GO_ON : SnapshotOrder.Then.of(then));
    }

    private static Path path(ObjectNode request, String key) {
        String text = text(request, key);
        return text == null ? null : SnapshotOrder.path(text, key);
    }

    private static String text(ObjectNode request, String key) {
        JsonNode value = request.path(key);
        if (value.isMissingNode()) {
            return null;
        }
        if (!value.isTextual() || value.asText().isEmpty()) {
            throw new IllegalArgumentException(key + " must be a text, and is " + value);
        }
        return value.asText();
    }

    /**
     * Has {@code progress} hear of what the machine says; anything else than its lines is a failure.
     *
     * @return whether nothing comes behind it
     */
    static boolean tell(ObjectNode line, SnapshotProgress progress) {
        String result = line.path(ControlMessage.RESULT).asText();
        switch (result) {
            case ControlMessage.BEGUN -> {
                return false;
            }
            case ControlMessage.DONE -> {
                JsonNode note = line.path(ControlMessage.NOTE);
                progress.done(line.path(ControlMessage.ID).asText(), note.isTextual() ? note.asText() : null);
            }
            case "" -> {
                if (line.path(ControlMessage.SAVED_BYTES).isIntegralNumber()) {
                    progress.saved(line.path(ControlMessage.SAVED_BYTES).asLong(), line.path(ControlMessage.MEMORY_BYTES).asLong());
                    return false;
                }
                progress.failed(false, ControlClient.messageOf(line));
            }
            default -> progress.failed(result.equals(ControlMessage.REFUSED), ControlClient.messageOf(line));
        }
        return true;
    }

    @Override
    public void saved(long bytes, long of) {
        long now = System.nanoTime();
        if (now - toldNanos >= INTERVAL_NANOS) {
            toldNanos = now;
            stream.offerUnlessFull(ControlMessage.object().put(ControlMessage.SAVED_BYTES, bytes).put(ControlMessage.MEMORY_BYTES, of).toString());
        }
    }

    @Override
    public void done(String id, String note) {
        ObjectNode last = ControlMessage.answer(ControlMessage.DONE, null).put(ControlMessage.ID, id);
        end(note == null ? last : last.put(ControlMessage.NOTE, note));
    }

    @Override
    public void failed(boolean isRequest, String why) {
        end(ControlMessage.answer(isRequest ? ControlMessage.REFUSED : ControlMessage.FAILED, why));
    }

    private void end(ObjectNode last) {
        stream.offer(last.toString());
        stream.end();
    }
}
