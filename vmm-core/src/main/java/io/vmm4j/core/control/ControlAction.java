package io.vmm4j.core.control;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.CompletableFuture;

/** Something that a client of a control socket may ask a machine for. */
@FunctionalInterface
public interface ControlAction {

    /**
     * Does it. Called on a thread of the server, for one client after the other, which is not to wait for the guest here.
     *
     * @param request the client's whole request, a JSON object
     * @return completes when it is done; exceptionally when it has failed, with one line for a person
     * @throws IllegalArgumentException when the request cannot be; one line for a person
     * @throws IllegalStateException    when the machine is not in a state for it
     */
    @SuppressWarnings("exports") // the control socket's, not an embedder's
    CompletableFuture<Void> carryOut(JsonNode request);
}
