package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.vmm4j.devices.limit.BucketConfig;
import java.util.Optional;

/**
 * Limits of a device ({@code rate_limiter}). In a configuration an absent limit means none; in a change of a running
 * machine's limits it means that the limit stays as it is.
 *
 * @param bandwidth bytes, or {@code null}
 * @param ops       requests or frames, or {@code null}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RateLimiterConfig(
        @JsonProperty("bandwidth") TokenBucketConfig bandwidth,
        @JsonProperty("ops") TokenBucketConfig ops) {

    /** A limit of {@code bytes} a second. */
    public static RateLimiterConfig bytesPerSecond(long bytes) {
        return new RateLimiterConfig(TokenBucketConfig.of(bytes, 1000), null);
    }

    /** A limit of {@code operations} a second. */
    public static RateLimiterConfig operationsPerSecond(long operations) {
        return new RateLimiterConfig(null, TokenBucketConfig.of(operations, 1000));
    }

    /** Checks the numbers; {@code key} is where the limiter stands in the configuration. */
    public void check(String key, Problems problems) {
        if (bandwidth != null) {
            bandwidth.check(key + ".bandwidth", "bandwidth limit", problems);
        }
        if (ops != null) {
            ops.check(key + ".ops", "operations limit", problems);
        }
    }

    static void check(RateLimiterConfig limiter, String key, Problems problems) {
        if (limiter != null) {
            limiter.check(key, problems);
        }
    }

    /** The limit on bytes as the devices take it; empty when absent. Of a checked configuration only. */
    public Optional<BucketConfig> bandwidthBucket() {
        return Optional.ofNullable(bandwidth).map(TokenBucketConfig::toBucket);
    }

    /** The limit on operations as the devices take it; empty when absent. Of a checked configuration only. */
    public Optional<BucketConfig> opsBucket() {
        return Optional.ofNullable(ops).map(TokenBucketConfig::toBucket);
    }
}
