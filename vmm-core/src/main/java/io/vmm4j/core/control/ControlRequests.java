package io.vmm4j.core.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What clients of a control socket ask for, from the line that they send to what they are answered. Thread-safe. */
final class ControlRequests {

    private static final Logger LOG = LoggerFactory.getLogger(ControlRequests.class);
    private static final int SHOWN_MAX = 100;
    private static final int TERMINAL_MAX = 0xFFFF;

    /**
     * What a client gets.
     *
     * @param message its answer
     * @param stream  what follows it, or {@code null}
     */
    record Reply(ObjectNode message, ControlStream stream) {
    }

    private interface Action {
        CompletableFuture<ObjectNode> on(ObjectNode request);
    }

    /** What a request has beside the name of its action. */
    private static final Map<String, List<String>> KEYS = Map.of(ControlMessage.RESIZE_VCPU, List.of(ControlMessage.VCPU_COUNT),
            ControlMessage.INFO, List.of(), ControlMessage.STATS, List.of(), ControlMessage.PROMETHEUS, List.of(), ControlMessage.PAUSE, List.of(),
            ControlMessage.RESUME, List.of(), ControlMessage.STOP, List.of(ControlMessage.TIMEOUT_MS), ControlMessage.KILL, List.of(),
            ControlMessage.RESIZE_CONSOLE, List.of(ControlMessage.COLUMNS, ControlMessage.ROWS));
    /** Those whose answer is followed by more. */
    private static final List<String> STREAMS = List.of(ControlMessage.EVENTS, ControlMessage.SNAPSHOT);
    private static final List<String> BEGINNINGS = List.of(ControlMessage.DONE, ControlMessage.BEGUN);

    private final ControlTarget target;
    private final Executor slow;
    private final Map<String, Action> actions = new TreeMap<>();

    /** @param slow runs, one after the other, what may take its time */
    ControlRequests(ControlTarget target, Executor slow) {
        this.target = target;
        this.slow = slow;
        actions.put(ControlMessage.RESIZE_VCPU, this::resizeVcpus);
        actions.put(ControlMessage.INFO, request -> done(target.info().toJson()));
        actions.put(ControlMessage.STATS, request -> done(ControlMessage.parse(target.stats())));
        actions.put(ControlMessage.PROMETHEUS, request -> done(ControlMessage.object().put(ControlMessage.TEXT, target.prometheus())));
        actions.put(ControlMessage.PAUSE, request -> later(target::pause));
        actions.put(ControlMessage.RESUME, request -> later(target::resume));
        actions.put(ControlMessage.STOP, request -> ended(target.stop(
                Duration.ofMillis(number(request, ControlMessage.TIMEOUT_MS, 0, ControlMessage.TIMEOUT_MS_MAX)))));
        actions.put(ControlMessage.KILL, request -> ended(target.kill()));
        actions.put(ControlMessage.RESIZE_CONSOLE, request -> {
            target.resizeConsole(number(request, ControlMessage.COLUMNS, 1, TERMINAL_MAX), number(request, ControlMessage.ROWS, 1, TERMINAL_MAX));
            return done(null);
        });
        target.actions().forEach((name, action) -> actions.put(name, request -> {
            LOG.info("asked to {}", name);
            return carryOut(name, action, request);
        }));
    }

    /**
     * Goes through a request and its answer, so that what they need is loaded by the time of the first: reading a library
     * takes a descriptor, of which the host may have none then.
     */
    static void rehearse() {
        ObjectNode request = ControlMessage.object().put(ControlMessage.ACTION, ControlMessage.RESUME);
        String line = new String(ControlMessage.encode(request), StandardCharsets.UTF_8).strip();
        ControlMessage.parse(line);
        new ControlRequests(count -> new CompletableFuture<>(), Runnable::run).answerTo(line, null, true);
        ControlMessage.refused("");
    }

    /**
     * Does what {@code line} says. Never fails: what goes wrong is an answer too.
     *
     * @param stream  for a client that wants to listen
     * @param hasRoom whether there is room for one more of such
     */
    CompletableFuture<Reply> answerTo(String line, ControlStream stream, boolean hasRoom) {
        CompletableFuture<ObjectNode> message;
        boolean[] isStream = {false};
        try {
            ObjectNode request = ControlMessage.parse(line);
            String action = request.path(ControlMessage.ACTION).asText();
            isStream[0] = STREAMS.contains(action);
            message = !isStream[0] ? request(request) : action.equals(ControlMessage.EVENTS) ? listen(request, stream) : snapshot(request, stream, hasRoom);
        } catch (IllegalArgumentException e) {
            message = refused("a request is a JSON object in one line" + (e.getMessage().equals(ControlMessage.NO_OBJECT) ? "" : ": " + e.getMessage()));
        } catch (RuntimeException | Error e) {
            LOG.error("a request met a fault", e);
            message = CompletableFuture.completedFuture(failed(e));
        }
        return message.thenApply(answer -> new Reply(answer, isStream[0] && BEGINNINGS.contains(answer.path(ControlMessage.RESULT).asText())
                ? stream : null));
    }

    private CompletableFuture<ObjectNode> request(ObjectNode request) {
        JsonNode name = request.path(ControlMessage.ACTION);
        Action action = name.isTextual() ? actions.get(name.asText()) : null;
        if (action == null) {
            return refused((name.isMissingNode() ? "\"action\" is missing" : "unknown action " + shown(name)) + ", known are "
                    + Stream.concat(STREAMS.stream(), actions.keySet().stream()).sorted().map(known -> "\"" + known + "\"").collect(Collectors.joining(", ")));
        }
        return guarded(name.asText(), () -> {
            requireKnown(request, KEYS.get(name.asText()));
            return action.on(request);
        });
    }

    /** @param keys those that there may be beside the action's name; {@code null} where the action itself looks at them */
    static void requireKnown(ObjectNode request, List<String> keys) {
        request.fieldNames().forEachRemaining(key -> {
            if (keys != null && !key.equals(ControlMessage.ACTION) && !keys.contains(key)) {
                throw new IllegalArgumentException("unknown key " + shown(TextNode.valueOf(key)) + ", known are "
                        + Stream.concat(Stream.of(ControlMessage.ACTION), keys.stream()).collect(Collectors.joining(", ")));
            }
        });
    }

    private interface Work {
        CompletableFuture<ObjectNode> start();
    }

    private static CompletableFuture<ObjectNode> guarded(String action, Work work) {
        try {
            return work.start().exceptionally(ControlRequests::unanswered);
        } catch (IllegalArgumentException | IllegalStateException e) {
            return refused(e.getMessage());
        } catch (RuntimeException | Error e) {
            LOG.error("the request {} met a fault", action, e);
            return CompletableFuture.completedFuture(failed(e));
        }
    }

    private CompletableFuture<ObjectNode> listen(ObjectNode request, ControlStream stream) {
        return guarded(ControlMessage.EVENTS, () -> {
            requireKnown(request, List.of());
            stream.of(target.listen(stream::offer, stream::end));
            return done(null);
        });
    }

    /** What the machine cannot do now is a failure, and not the request's mistake. */
    private CompletableFuture<ObjectNode> snapshot(ObjectNode request, ControlStream stream, boolean hasRoom) {
        return guarded(ControlMessage.SNAPSHOT, () -> {
            SnapshotOrder order = SnapshotMessages.order(request);
            if (!hasRoom) {
                return CompletableFuture.completedFuture(ControlMessage.answer(ControlMessage.FAILED, ControlServer.NO_ROOM));
            }
            LOG.info("asked for a snapshot as {}", order.directory());
            try {
                stream.of(target.snapshot(order, new SnapshotMessages(stream)));
            } catch (SnapshotWork.NotNowException e) {
                return CompletableFuture.completedFuture(failed(e));
            }
            return CompletableFuture.completedFuture(ControlMessage.answer(ControlMessage.BEGUN, null));
        });
    }

    private CompletableFuture<ObjectNode> resizeVcpus(ObjectNode request) {
        JsonNode count = request.path(ControlMessage.VCPU_COUNT);
        if (!count.isInt()) {
            return refused(ControlMessage.VCPU_COUNT + " must be a whole number, and is " + (count.isMissingNode() ? "missing" : shown(count)));
        }
        LOG.info("asked for {} vCPUs", count);
        return carryOut(ControlMessage.RESIZE_VCPU, given -> target.resizeVcpus(count.intValue()), request);
    }

    private CompletableFuture<ObjectNode> carryOut(String name, ControlAction action, ObjectNode request) {
        return CompletableFuture.supplyAsync(() -> guarded(name,
                () -> action.carryOut(request).thenApply(done -> ControlMessage.answer(ControlMessage.DONE, null))), slow)
                .thenCompose(answer -> answer);
    }

    private CompletableFuture<ObjectNode> later(Runnable change) {
        return CompletableFuture.supplyAsync(() -> guarded("", () -> {
            change.run();
            return done(null);
        }), slow).thenCompose(answer -> answer);
    }

    private static CompletableFuture<ObjectNode> ended(CompletableFuture<VmExit> end) {
        return end.thenApply(exit -> ControlMessage.answer(ControlMessage.DONE, exit.message())
                .put(ControlMessage.OBEYED, exit.reason() == VmExitReason.POWEROFF));
    }

    private static CompletableFuture<ObjectNode> done(ObjectNode value) {
        ObjectNode answer = ControlMessage.answer(ControlMessage.DONE, null);
        if (value != null) {
            answer.set(ControlMessage.VALUE, value);
        }
        return CompletableFuture.completedFuture(answer);
    }

    private static int number(ObjectNode request, String key, int min, int max) {
        JsonNode value = request.path(key);
        if (!value.isInt() || value.intValue() < min || value.intValue() > max) {
            throw new IllegalArgumentException(key + " must be a whole number in " + min + ".." + max + ", and is "
                    + (value.isMissingNode() ? "missing" : shown(value)));
        }
        return value.intValue();
    }

    private static ObjectNode unanswered(Throwable failure) {
        Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return failed(cause);
    }

    private static ObjectNode failed(Throwable cause) {
        return ControlMessage.answer(ControlMessage.FAILED, cause.getMessage() == null ? cause.toString() : cause.getMessage());
    }

    private static CompletableFuture<ObjectNode> refused(String message) {
        return CompletableFuture.completedFuture(ControlMessage.refused(message));
    }

    private static String shown(JsonNode value) {
        String text = value.toString();
        return text.length() > SHOWN_MAX ? text.substring(0, SHOWN_MAX) + "…" : text;
    }
}
