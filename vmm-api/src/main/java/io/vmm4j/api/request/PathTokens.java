package io.vmm4j.api.request;

/** The parts of a path: slashes before it count for nothing, nor does one behind it. */
final class PathTokens {

    private final String path;
    private int at;

    PathTokens(String path) {
        int start = 0;
        while (start < path.length() && path.charAt(start) == '/') {
            start++;
        }
        this.path = path;
        this.at = start;
    }

    /** The next part, maybe empty; {@code null} when there is none. */
    String next() {
        if (at >= path.length()) {
            return null;
        }
        int end = path.indexOf('/', at);
        String token = path.substring(at, end < 0 ? path.length() : end);
        at = end < 0 ? path.length() : end + 1;
        return token;
    }
}
