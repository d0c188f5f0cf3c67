package io.vmm4j.api.http;

/**
 * A request that has come in whole.
 *
 * @param method what to do
 * @param path   the absolute path; empty when the request names none
 * @param body   {@code null} when there is none, never empty; not copied
 */
public record ApiRequest(ApiMethod method, String path, byte[] body) {
}
