package io.vmm4j.api;

import io.vmm4j.api.control.ApiMetrics;
import io.vmm4j.api.http.ApiRequest;
import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.ParsedRequest;
import io.vmm4j.api.request.RequestParser;

/** Counts requests, and those that are none, in the metrics' groups {@code get_}, {@code put_} and {@code patch_api_requests}. */
final class RequestCounters {

    private final ApiMetrics metrics;

    RequestCounters(ApiMetrics metrics) {
        this.metrics = metrics;
    }

    ParsedRequest parse(ApiRequest request) throws ApiException {
        String group = group(request);
        String name = group == null ? null : name(request.path());
        if (name != null) {
            metrics.count(group, name + "_count");
        }
        try {
            ParsedRequest parsed = RequestParser.parse(request);
            if (parsed.deprecation() != null) {
                metrics.count("deprecated_api", "deprecated_http_api_calls");
            }
            return parsed;
        } catch (ApiException e) {
            if (name != null && request.body() != null) {
                metrics.count(group, name + "_fails");
            }
            throw e;
        }
    }

    /** {@code null} for requests that are not counted, such as those that lack a body. */
    private static String group(ApiRequest request) {
        return switch (request.method()) {
            case GET -> request.body() == null ? "get_api_requests" : null;
            case PUT -> request.body() == null ? null : "put_api_requests";
            case PATCH -> request.body() == null ? null : "patch_api_requests";
            case DELETE -> null;
        };
    }

    /** The counters' name for what a path begins with, {@code null} when there is none. */
    private static String name(String path) {
        int start = 0;
        while (start < path.length() && path.charAt(start) == '/') {
            start++;
        }
        int end = path.indexOf('/', start);
        return switch (path.substring(start, end < 0 ? path.length() : end)) {
            case "" -> "instance_info";
            case "version" -> "vmm_version";
            case "actions" -> "actions";
            case "boot-source" -> "boot_source";
            case "cpu-config" -> "cpu_cfg";
            case "drives" -> "drive";
            case "hotplug" -> "hotplug_memory";
            case "logger" -> "logger";
            case "machine-config" -> "machine_cfg";
            case "metrics" -> "metrics";
            case "mmds" -> "mmds";
            case "network-interfaces" -> "network";
            case "pmem" -> "pmem";
            case "serial" -> "serial";
            case "vsock" -> "vsock";
            default -> null;
        };
    }
}
