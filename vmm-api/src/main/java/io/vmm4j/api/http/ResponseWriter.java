package io.vmm4j.api.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.impl.io.DefaultHttpResponseWriter;
import org.apache.hc.core5.http.impl.io.SessionOutputBufferImpl;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;
import org.apache.hc.core5.http.message.BasicLineFormatter;
import org.apache.hc.core5.http.message.StatusLine;
import org.apache.hc.core5.util.CharArrayBuffer;

/** Answers as Firecracker writes them: no reason phrase, its headers in its order. Confined to one thread. */
final class ResponseWriter {

    /** What a connection beyond the last one gets. */
    static final byte[] FULL = ("HTTP/1.1 503\r\nServer: Firecracker API\r\nConnection: close\r\nContent-Length: 40\r\n\r\n"
            + "{ \"error\": \"Too many open connections\" }").getBytes(StandardCharsets.US_ASCII);

    private static final String SERVER = "Firecracker API";
    private static final int HEAD_ROOM = 512;

    private final DefaultHttpResponseWriter writer = new OwnVersionWriter();

    /** The bytes of {@code response}. */
    ByteBuffer write(ApiResponse response) {
        BasicClassicHttpResponse head = head(response.status());
        if (response.deprecated()) {
            head.addHeader("Deprecation", "true");
        }
        if (response.body() != null) {
            head.addHeader("Content-Type", response.type());
            head.addHeader("Content-Length", Integer.toString(response.body().length));
        }
        return bytes(head, response.body());
    }

    /** Tells a client to go on with the body. */
    ByteBuffer writeContinue(boolean isHttp10) {
        BasicClassicHttpResponse head = head(100);
        head.setVersion(isHttp10 ? HttpVersion.HTTP_1_0 : HttpVersion.HTTP_1_1);
        return bytes(head, null);
    }

    /** The answer to what is no request; its form is not that of the API's own refusals. */
    ByteBuffer write(HttpFault fault) {
        String text = "{ \"error\": \"" + fault.getMessage() + "\nAll previous unanswered requests will be dropped.\" }";
        return write(ApiResponse.json(400, text));
    }

    private static BasicClassicHttpResponse head(int status) {
        BasicClassicHttpResponse head = new BasicClassicHttpResponse(status, "");
        head.addHeader("Server", SERVER);
        head.addHeader("Connection", "keep-alive");
        return head;
    }

    private ByteBuffer bytes(ClassicHttpResponse head, byte[] body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(HEAD_ROOM + (body == null ? 0 : body.length));
        SessionOutputBufferImpl buffer = new SessionOutputBufferImpl(HEAD_ROOM);
        try {
            writer.write(head, buffer, bytes);
            buffer.flush(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (HttpException e) {
            throw new IllegalStateException("an answer of our own cannot be written", e);
        }
        if (body != null) {
            bytes.writeBytes(body);
        }
        return ByteBuffer.wrap(bytes.toByteArray());
    }

    /** The library's would write 1.1 whatever the answer's version is. */
    private static final class OwnVersionWriter extends DefaultHttpResponseWriter {
        @Override
        protected void writeHeadLine(ClassicHttpResponse message, CharArrayBuffer line) {
            BasicLineFormatter.INSTANCE.formatStatusLine(line, new StatusLine(message));
        }
    }
}
