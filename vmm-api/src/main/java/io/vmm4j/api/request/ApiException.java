package io.vmm4j.api.request;

/** A request that cannot be fulfilled; the message is the answer's {@code fault_message}. */
public final class ApiException extends Exception {

    private static final long serialVersionUID = 1;

    /** @param faultMessage in Firecracker's words */
    public ApiException(String faultMessage) {
        super(faultMessage);
    }

    /** As above, for the log's sake with what it comes from. */
    public ApiException(String faultMessage, Throwable cause) {
        super(faultMessage, cause);
    }
}
