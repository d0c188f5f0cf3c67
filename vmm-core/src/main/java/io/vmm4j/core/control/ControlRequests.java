package io.vmm4j.core.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What clients of a control socket ask for, from the line that they send to what they are answered. Thread-safe. */
final class ControlRequests {

    private static final Logger LOG = LoggerFactory.getLogger(ControlRequests.class);
    private static final int SHOWN_MAX = 100;

    private final IntFunction<CompletableFuture<Void>> resizeVcpus;
    private final Map<String, ControlAction> others;

    /**
     * @param resizeVcpus as {@link io.vmm4j.core.Vm#resizeVcpus(int)}
     * @param others      further actions, by their names
     */
    ControlRequests(IntFunction<CompletableFuture<Void>> resizeVcpus, Map<String, ControlAction> others) {
        this.resizeVcpus = resizeVcpus;
        this.others = new TreeMap<>(others);
    }

    /**
     * Goes through a request and its answer, so that what they need is loaded by the time of the first: reading a library
     * takes a descriptor, of which the host may have none then.
     */
    static void rehearse() {
        ObjectNode request = ControlMessage.object().put(ControlMessage.ACTION, ControlMessage.RESIZE_VCPU).put(ControlMessage.VCPU_COUNT, 1);
        String line = new String(ControlMessage.encode(request), StandardCharsets.UTF_8).strip();
        ControlMessage.parse(line);
        refused("");
    }

    /** Does what {@code line} says. Never fails: what goes wrong is an answer too. */
    CompletableFuture<ObjectNode> answerTo(String line) {
        try {
            return request(ControlMessage.parse(line));
        } catch (IllegalArgumentException e) {
            return refused("a request is a JSON object in one line" + (e.getMessage().equals(ControlMessage.NO_OBJECT) ? "" : ": " + e.getMessage()));
        } catch (Error e) {
            LOG.error("a request met a fault", e);
            return CompletableFuture.completedFuture(failed(e));
        }
    }

    private CompletableFuture<ObjectNode> request(ObjectNode request) {
        JsonNode action = request.path(ControlMessage.ACTION);
        if (action.isTextual() && others.containsKey(action.asText())) {
            return other(action.asText(), request);
        }
        if (!action.isTextual() || !action.asText().equals(ControlMessage.RESIZE_VCPU)) {
            return refused("unknown action " + shown(action) + ", known " + (others.isEmpty() ? "is" : "are") + " \"" + ControlMessage.RESIZE_VCPU + "\""
                    + others.keySet().stream().map(name -> ", \"" + name + "\"").collect(Collectors.joining()));
        }
        JsonNode count = request.path(ControlMessage.VCPU_COUNT);
        if (!count.isInt()) {
            return refused(ControlMessage.VCPU_COUNT + " must be a whole number, and is " + (count.isMissingNode() ? "missing" : shown(count)));
        }
        return resize(count.intValue());
    }

    private CompletableFuture<ObjectNode> resize(int count) {
        LOG.info("asked for {} vCPUs", count);
        return answered(() -> resizeVcpus.apply(count), count + " vCPUs");
    }

    private CompletableFuture<ObjectNode> other(String name, JsonNode request) {
        LOG.info("asked to {}", name);
        return answered(() -> others.get(name).carryOut(request), name);
    }

    private static CompletableFuture<ObjectNode> answered(Supplier<CompletableFuture<Void>> action, String what) {
        try {
            return action.get().handle((done, failure) -> failure == null ? ControlMessage.answer(ControlMessage.DONE, null) : failed(failure));
        } catch (IllegalArgumentException | IllegalStateException e) {
            return refused(e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("a request for {} met a fault", what, e);
            return CompletableFuture.completedFuture(failed(e));
        }
    }

    private static ObjectNode failed(Throwable failure) {
        Throwable cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
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
