package io.vmm4j.api.http;

import java.io.IOException;

/** What came is no request, or one that the server refuses before it looks at it. The message is the client's to read. */
final class HttpFault extends IOException {

    private static final long serialVersionUID = 1;

    private final transient long unreadBody;

    HttpFault(String message) {
        this(message, 0);
    }

    /** @param unreadBody bytes that belong to the refused request and are still to come, or already there */
    HttpFault(String message, long unreadBody) {
        super(message);
        this.unreadBody = unreadBody;
    }

    static HttpFault invalidRequest() {
        return new HttpFault("Invalid request.");
    }

    static HttpFault header(String reason) {
        return new HttpFault("Invalid header. Reason: " + reason);
    }

    long unreadBody() {
        return unreadBody;
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
