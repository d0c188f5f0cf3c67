package io.vmm4j.api;

import io.vmm4j.api.control.ApiController;
import io.vmm4j.api.control.ApiMetrics;
import io.vmm4j.api.control.JsonText;
import io.vmm4j.api.http.ApiMethod;
import io.vmm4j.api.http.ApiRequest;
import io.vmm4j.api.http.ApiResponse;
import io.vmm4j.api.http.HttpServer;
import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.ParsedRequest;
import io.vmm4j.api.request.VmmAction;
import io.vmm4j.api.request.VmmAction.Plain;
import io.vmm4j.core.json.RustText;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers requests, with Firecracker's lines in the log. Confined to the server's thread. */
final class ApiService implements HttpServer.Handler {

    private static final Logger LOG = LoggerFactory.getLogger(ApiService.class);
    private static final String OPENAPI_PATH = "/openapi.yaml";
    private static final int BAD_REQUEST = 400;

    private final ApiController controller;
    private final ApiMetrics metrics;
    private final RequestCounters counters;

    ApiService(ApiController controller, ApiMetrics metrics) {
        this.controller = controller;
        this.metrics = metrics;
        this.counters = new RequestCounters(metrics);
    }

    @Override
    public ApiResponse handle(ApiRequest request) {
        long begin = System.nanoTime();
        if (LOG.isInfoEnabled()) {
            LOG.info("The API server received a {}.", describe(request));
        }
        ApiResponse response;
        try {
            response = isForOpenApi(request) ? ApiResponse.text(openApi(), "application/yaml") : answer(counters.parse(request), begin);
        } catch (ApiException e) {
            response = refuse(e.getMessage());
        } catch (RuntimeException | OutOfMemoryError | StackOverflowError | LinkageError e) {
            // A mistake of ours, or a host without memory or threads: the server is there for the next request.
            LOG.error("a request met a fault of the monitor", e);
            response = refuse("Internal VMM error: " + e);
        }
        LOG.debug("Total previous API call duration: {} us.", micros(begin));
        return response;
    }

    private static boolean isForOpenApi(ApiRequest request) {
        return request.method() == ApiMethod.GET && request.path().equals(OPENAPI_PATH) && request.body() == null;
    }

    private static ApiResponse refuse(String faultMessage) {
        LOG.error("Received Error. Status code: 400 Bad Request. Message: {}", faultMessage);
        return ApiResponse.json(BAD_REQUEST, JsonText.of("fault_message", faultMessage));
    }

    private static long micros(long begin) {
        return TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - begin);
    }

    /** What is going to be removed is told of also when it could not be done. */
    private ApiResponse answer(ParsedRequest parsed, long begin) {
        ApiResponse response;
        try {
            String body = controller.handle(parsed.action());
            LOG.info("The request was executed successfully. Status code: {}.", body == null ? "204 No Content" : "200 OK");
            noteLatency(parsed, begin);
            response = body == null ? ApiResponse.done() : ApiResponse.json(200, body);
        } catch (ApiException e) {
            response = refuse(e.getMessage());
        }
        if (parsed.deprecation() == null) {
            return response;
        }
        LOG.warn("{}", parsed.deprecation());
        return response.asDeprecated();
    }

    private void noteLatency(ParsedRequest parsed, long begin) {
        String what = timed(parsed.action());
        if (what != null) {
            long micros = micros(begin);
            metrics.store("latencies_us", field(what), micros);
            LOG.info("'{}' API request took {} us.", what, micros);
        }
    }

    /** What an action is called whose time is told; {@code null} for the others. */
    private static String timed(VmmAction action) {
        if (action instanceof VmmAction.CreateSnapshot create) {
            return create.body().snapshotType().equals("Diff") ? "create diff snapshot" : "create full snapshot";
        }
        return action == Plain.PAUSE ? "pause vm" : action == Plain.RESUME ? "resume vm" : action instanceof VmmAction.LoadSnapshot ? "load snapshot" : null;
    }

    private static String field(String timed) {
        return switch (timed) {
            case "create full snapshot" -> "full_create_snapshot";
            case "create diff snapshot" -> "diff_create_snapshot";
            default -> timed.replace(' ', '_');
        };
    }

    private static byte[] openApi() {
        try (InputStream document = ApiService.class.getResourceAsStream("openapi.yaml")) {
            return document.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The request in the log's words; what may be secret is left out. */
    private static String describe(ApiRequest request) {
        String start = request.method().logName() + " request on " + RustText.quoted(request.path());
        if (request.body() == null || request.path().equals("/mmds")) {
            return start;
        }
        if (request.path().equals("/cpu-config") && !LOG.isDebugEnabled()) {
            return start + ". To view the CPU template received by the API, configure log-level to DEBUG";
        }
        return start + " with body " + RustText.quoted(text(request.body()));
    }

    private static String text(byte[] body) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
        } catch (CharacterCodingException e) {
            return "inconvertible to UTF-8";
        }
    }
}
