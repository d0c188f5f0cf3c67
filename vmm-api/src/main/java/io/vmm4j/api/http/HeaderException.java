package io.vmm4j.api.http;

import org.apache.hc.core5.http.ParseException;

/** A header line that is none; the message is the reason in Firecracker's words. */
final class HeaderException extends ParseException {

    private static final long serialVersionUID = 1;

    HeaderException(String message) {
        super(message);
    }
}
