package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * A device of persistent memory (one element of {@code pmem}). Known by name and not supported yet.
 *
 * @param id          name
 * @param pathOnHost  the file behind it
 * @param rootDevice  whether it holds the root file system; default false
 * @param readOnly    default false
 * @param rateLimiter limits flushes, or {@code null}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PmemConfig(
        @JsonProperty("id") String id,
        @JsonProperty("path_on_host") String pathOnHost,
        @JsonProperty("root_device") Boolean rootDevice,
        @JsonProperty("read_only") Boolean readOnly,
        @JsonProperty("rate_limiter") RateLimiterConfig rateLimiter) {

    public PmemConfig {
        rootDevice = rootDevice != null && rootDevice;
        readOnly = readOnly != null && readOnly;
    }

    void check(String key, Problems problems) {
        problems.notSupported(key, (id == null ? "" : "\"" + id + "\"") + (pathOnHost == null ? "" : " on \"" + pathOnHost + "\""), ": give it as a drive");
    }
}
