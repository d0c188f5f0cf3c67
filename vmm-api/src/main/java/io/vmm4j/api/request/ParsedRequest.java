package io.vmm4j.api.request;

/**
 * A request that is one of the API's.
 *
 * @param action      what it asks for
 * @param deprecation the log's words for what it uses that is going to be removed, or {@code null}
 */
public record ParsedRequest(VmmAction action, String deprecation) {

    static ParsedRequest of(VmmAction action) {
        return new ParsedRequest(action, null);
    }
}
