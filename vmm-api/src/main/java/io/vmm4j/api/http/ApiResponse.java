package io.vmm4j.api.http;

import java.nio.charset.StandardCharsets;

/**
 * An answer.
 *
 * @param status     HTTP status code
 * @param body       {@code null} for none; not copied
 * @param type       the body's media type
 * @param deprecated whether the request used what is going to be removed
 */
public record ApiResponse(int status, byte[] body, String type, boolean deprecated) {

    private static final String JSON = "application/json";

    /** Done, nothing to say: 204. */
    public static ApiResponse done() {
        return new ApiResponse(204, null, null, false);
    }

    /** An answer in JSON. */
    public static ApiResponse json(int status, String text) {
        return new ApiResponse(status, text.getBytes(StandardCharsets.UTF_8), JSON, false);
    }

    /** Some text of another type: 200. */
    public static ApiResponse text(byte[] body, String type) {
        return new ApiResponse(200, body, type, false);
    }

    /** The same answer, to a request that used what is going to be removed. */
    public ApiResponse asDeprecated() {
        return new ApiResponse(status, body, type, true);
    }
}
