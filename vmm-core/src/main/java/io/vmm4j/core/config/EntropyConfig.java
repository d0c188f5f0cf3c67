package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * An entropy device, which gives the guest the host kernel's random bytes ({@code entropy}).
 *
 * @param rateLimiter limits bytes and requests, or {@code null}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record EntropyConfig(@JsonProperty("rate_limiter") RateLimiterConfig rateLimiter) {

    void check(Problems problems) {
        RateLimiterConfig.check(rateLimiter, "entropy.rate_limiter", problems);
    }
}
