package io.vmm4j.api.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.ParseException;
import org.apache.hc.core5.http.ProtocolVersion;
import org.apache.hc.core5.http.message.BasicHeader;
import org.apache.hc.core5.http.message.BasicLineParser;
import org.apache.hc.core5.http.message.RequestLine;
import org.apache.hc.core5.util.CharArrayBuffer;

/**
 * A request line as strictly as Firecracker takes it, with its words for what is wrong: the parts are separated by one
 * blank, and what is behind the second one is the version.
 */
final class RequestLineParser extends BasicLineParser {

    private static final String SCHEME = "http://";

    /** Whether a request line was seen since {@link #expectRequestLine}; what is wrong later is in the header. */
    private boolean isInHeader;

    /** The path of the last request line, as it was written: the library would read slashes at its beginning as a host's. */
    private String path;

    void expectRequestLine() {
        isInHeader = false;
    }

    boolean isInHeader() {
        return isInHeader;
    }

    /** The absolute path of the request whose line was parsed last. */
    String path() {
        return path;
    }

    @Override
    public RequestLine parseRequestLine(CharArrayBuffer line) throws ParseException {
        isInHeader = true;
        int methodEnd = line.indexOf(' ');
        int uriEnd = methodEnd < 0 ? -1 : line.indexOf(' ', methodEnd + 1, line.length());
        if (uriEnd < 0) {
            throw new ParseException("Invalid request.");
        }
        String method = line.substring(0, methodEnd);
        if (ApiMethod.of(method) == null) {
            throw new ParseException("Invalid HTTP Method: Unsupported HTTP method.");
        }
        path = absolutePath(utf8(line.substring(methodEnd + 1, uriEnd)));
        return new RequestLine(method, "/", version(line.substring(uriEnd + 1, line.length())));
    }

    /** Names and values are taken with the blanks around them; a line without a colon is no header. */
    @Override
    public Header parseHeader(CharArrayBuffer line) throws ParseException {
        String text = line.toString();
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        String problem = Utf8Text.problemOf(bytes);
        if (problem != null) {
            throw new HeaderException("Header contains invalid characters. Key: " + problem);
        }
        int colon = text.indexOf(':');
        if (colon < 0) {
            throw new HeaderException("Header is incorrectly formatted. Key: " + text);
        }
        return new BasicHeader(text.substring(0, colon), text.substring(colon + 1));
    }

    private static String utf8(String latin1) throws ParseException {
        if (latin1.isEmpty()) {
            throw new ParseException("Invalid URI: Empty URI not allowed.");
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(latin1.getBytes(StandardCharsets.ISO_8859_1))).toString();
        } catch (CharacterCodingException e) {
            throw new ParseException("Invalid URI: Cannot parse URI as UTF-8.");
        }
    }

    private static String absolutePath(String uri) {
        if (uri.startsWith(SCHEME)) {
            int path = uri.indexOf('/', SCHEME.length());
            return path < 0 ? "" : uri.substring(path);
        }
        return uri.startsWith("/") ? uri : "";
    }

    private static ProtocolVersion version(String text) throws ParseException {
        return switch (text) {
            case "HTTP/1.0" -> HttpVersion.HTTP_1_0;
            case "HTTP/1.1" -> HttpVersion.HTTP_1_1;
            default -> throw new ParseException("Invalid HTTP Version: Unsupported HTTP version.");
        };
    }
}
