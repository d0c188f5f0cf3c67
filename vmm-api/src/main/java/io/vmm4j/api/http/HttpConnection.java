package io.vmm4j.api.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.nio.DefaultHttpRequestFactory;
import org.apache.hc.core5.http.impl.nio.DefaultHttpRequestParser;

/**
 * One client: what it has sent so far, and what it has not yet taken. Nothing here waits. Requests are read on only after
 * the client has taken the answers, so that what it can make the server keep is bounded. Confined to the server's thread.
 */
final class HttpConnection {

    private static final int HEADERS_MAX = 256;
    /** A refused body of more bytes than this is not waited for: what comes next is a request, or is none. */
    private static final long DRAIN_MAX = 1 << 20;
    private static final Http1Config PARSING = Http1Config.custom().setMaxHeaderCount(HEADERS_MAX).build();

    private final SocketChannel channel;
    private final int payloadLimit;
    private final ResponseWriter writer;
    private final InputBuffer input = new InputBuffer();
    private final RequestLineParser lines = new RequestLineParser();
    private final DefaultHttpRequestParser<HttpRequest> parser =
            new DefaultHttpRequestParser<>(PARSING, lines, DefaultHttpRequestFactory.INSTANCE);
    private final Deque<ByteBuffer> output = new ArrayDeque<>();
    /** The request whose body is coming. */
    private RequestHead head;
    private ByteBuffer body;
    /** Bytes of a refused body that are still to come. */
    private long toDrain;
    private boolean closing;
    /** When the request that is not there as a whole began to come in; 0 when there is none. */
    private long begunNanos;

    HttpConnection(SocketChannel channel, int payloadLimit, ResponseWriter writer) {
        this.channel = channel;
        this.payloadLimit = payloadLimit;
        this.writer = writer;
    }

    /**
     * Takes in what there is.
     *
     * @return the requests that are there as a whole; empty when what came is none, which has been answered then
     */
    List<ApiRequest> receive(long nowNanos) throws IOException {
        if (input.fill(channel) < 0) {
            closing = true;
        }
        List<ApiRequest> requests = new ArrayList<>();
        try {
            ApiRequest next = next();
            while (next != null) {
                requests.add(next);
                next = next();
            }
        } catch (HttpFault fault) {
            requests.clear();
            refuse(fault);
        }
        boolean isPartial = input.hasData() || body != null || lines.isInHeader();
        boolean isNew = begunNanos == 0 || !requests.isEmpty();
        begunNanos = isPartial && isNew ? Math.max(1, nowNanos) : isPartial ? begunNanos : 0;
        return requests;
    }

    private void refuse(HttpFault fault) {
        output.add(writer.write(fault));
        parser.reset();
        lines.expectRequestLine();
        body = null;
        if (fault.unreadBody() > 0 && fault.unreadBody() <= DRAIN_MAX) {
            toDrain = fault.unreadBody() - input.skip(fault.unreadBody());
        } else {
            input.clear();
        }
    }

    /** The next whole request, or {@code null}. */
    private ApiRequest next() throws IOException {
        if (toDrain > 0) {
            toDrain -= input.skip(toDrain);
        }
        if (toDrain > 0) {
            return null;
        }
        if (body == null && !readHead()) {
            return null;
        }
        input.read(body);
        if (body.hasRemaining()) {
            return null;
        }
        byte[] content = body.capacity() == 0 ? null : body.array();
        body = null;
        return new ApiRequest(head.method(), head.path(), content);
    }

    private boolean readHead() throws IOException {
        HttpRequest request;
        if (!lines.isInHeader() && input.startsWithEmptyLine()) {
            // The library would pass it over.
            throw HttpFault.invalidRequest();
        }
        try {
            request = parser.parse(input, false);
        } catch (InputBuffer.LineTooLong e) {
            throw lines.isInHeader() ? HttpFault.header("Invalid content length. Header: " + e.getMessage()) : HttpFault.invalidRequest();
        } catch (HttpException e) {
            throw fault(e);
        } catch (HttpFault e) {
            throw e;
        } catch (IOException e) {
            // One of the parser's own bounds.
            throw HttpFault.invalidRequest();
        }
        if (request == null) {
            return false;
        }
        parser.reset();
        lines.expectRequestLine();
        head = RequestHead.of(request, lines.path(), payloadLimit);
        body = ByteBuffer.allocate((int) head.contentLength());
        if (head.expectsContinue() && head.contentLength() > 0) {
            output.add(writer.writeContinue(head.isHttp10()));
        }
        return true;
    }

    private static HttpFault fault(HttpException e) {
        return e instanceof HeaderException ? HttpFault.header(e.getMessage()) : new HttpFault(e.getMessage());
    }

    void answer(ApiResponse response) {
        output.add(writer.write(response));
    }

    /** Sends what the client takes now. */
    void send() throws IOException {
        while (!output.isEmpty()) {
            channel.write(output.peek());
            if (output.peek().hasRemaining()) {
                return;
            }
            output.remove();
        }
    }

    boolean hasOutput() {
        return !output.isEmpty();
    }

    /** Nothing more will come, and all is said. */
    boolean isDone() {
        return closing && output.isEmpty();
    }

    /** Whether a request has been coming in for longer than that. */
    boolean isStalled(long nowNanos, long patienceNanos) {
        return begunNanos != 0 && nowNanos - begunNanos >= patienceNanos;
    }

    void close() throws IOException {
        channel.close();
    }
}
