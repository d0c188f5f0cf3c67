package io.vmm4j.api.http;

import java.util.Locale;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpRequest;

/**
 * What a request's head says about the rest of it, with Firecracker's words for what it refuses. That chunks follow says nothing, nor that
 * the connection shall be closed: as with Firecracker, a body is what its length announces, and clients close connections.
 *
 * @param method           what to do
 * @param path             the absolute path
 * @param isHttp10         whether the request is of version 1.0
 * @param contentLength    bytes of the body
 * @param expectsContinue  whether the client waits for "100 Continue" before it sends the body
 */
record RequestHead(ApiMethod method, String path, boolean isHttp10, long contentLength, boolean expectsContinue) {

    private static final long MAX_U32 = 0xFFFF_FFFFL;

    /**
     * @param path         the request's
     * @param payloadLimit largest body in bytes
     */
    static RequestHead of(HttpRequest request, String path, int payloadLimit) throws HttpFault {
        long contentLength = 0;
        boolean expects = false;
        for (Header header : request.getHeaders()) {
            String raw = header.getValue();
            String value = raw.strip();
            switch (lowerCase(header.getName().strip())) {
                case "content-length" -> contentLength = length(header.getName(), raw);
                case "expect" -> expects |= value.equals("100-continue");
                case "accept-encoding" -> checkEncodings(value);
                default -> { }
            }
        }
        if (contentLength > payloadLimit) {
            throw new HttpFault("Request payload with size " + contentLength + " is larger than the limit of " + payloadLimit
                    + " allowed by server.", contentLength);
        }
        return new RequestHead(ApiMethod.of(request.getMethod()), path, request.getVersion().getMinor() == 0,
                contentLength, expects);
    }

    private static String lowerCase(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    /** A number of 32 bits; a plus before it is let pass. */
    private static long length(String name, String raw) throws HttpFault {
        String value = raw.strip();
        String digits = value.startsWith("+") ? value.substring(1) : value;
        boolean isNumber = !digits.isEmpty() && digits.length() <= 10;
        for (int i = 0; i < digits.length(); i++) {
            isNumber &= digits.charAt(i) >= '0' && digits.charAt(i) <= '9';
        }
        if (!isNumber || Long.parseLong(digits) > MAX_U32) {
            throw HttpFault.header("Invalid value. Key:" + name + "; Value:" + raw);
        }
        return Long.parseLong(digits);
    }

    private static void checkEncodings(String value) throws HttpFault {
        if (value.isEmpty()) {
            throw HttpFault.invalidRequest();
        }
        for (String encoding : value.split(",")) {
            String one = encoding.strip();
            if (one.equals("identity;q=0") || one.equals("*;q=0") && !value.contains("identity")) {
                throw HttpFault.header("Invalid value. Key:Accept-Encoding; Value:" + one);
            }
        }
    }
}
