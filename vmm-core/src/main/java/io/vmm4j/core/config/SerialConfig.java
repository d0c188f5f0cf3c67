package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.charset.StandardCharsets;

/**
 * The host's end of the first serial port ({@code serial}).
 *
 * @param path          {@value #STDIO} for the terminal or pipes of this process, {@value #NONE} to let the guest talk to nobody,
 *                      or the path of a Unix stream socket to create
 * @param serialOutPath a file that takes what the guest prints, in place of {@code path}: appended to, and made where it is not
 *                      there. A named pipe may be without a reader. {@code null} for none
 * @param rateLimiter   Firecracker's limit of what the guest prints, which is not supported: {@code null}, or without a limit
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SerialConfig(
        @JsonProperty("path") String path,
        @JsonProperty("serial_out_path") String serialOutPath,
        @JsonProperty("rate_limiter") TokenBucketConfig rateLimiter) {

    /** Standard input and output of this process. */
    public static final String STDIO = "stdio";
    /** Nobody: what the guest prints is dropped. */
    public static final String NONE = "none";

    /** The longest path that fits {@code sun_path} of a Unix socket address with its NUL, in bytes. */
    static final int MAX_SOCKET_PATH = 107;

    public SerialConfig {
        path = path == null ? serialOutPath == null ? STDIO : NONE : path;
    }

    /** A port on {@code path}. */
    @JsonCreator(mode = JsonCreator.Mode.DISABLED)
    public SerialConfig(String path) {
        this(path, null, null);
    }

    /** True when the port is on standard input and output. */
    @JsonIgnore
    public boolean isStdio() {
        return path.equals(STDIO);
    }

    /** True when the port has no host's end. */
    @JsonIgnore
    public boolean isNone() {
        return path.equals(NONE);
    }

    void check(Problems problems) {
        checkPath(path, "serial.path", "serial", problems);
        problems.require(serialOutPath == null || !serialOutPath.isEmpty(), "serial.serial_out_path", "the serial output file's path is empty");
        problems.require(serialOutPath == null || isNone(), "serial.serial_out_path",
                "output goes to the file \"" + serialOutPath + "\" or to the path \"" + path + "\": give one of them");
        problems.requirePath(serialOutPath, "serial.serial_out_path", "serial output file");
        if (rateLimiter != null) {
            rateLimiter.check("serial.rate_limiter", "serial output limit", problems);
            if (rateLimiter.isLimit()) {
                problems.notSupported("serial.rate_limiter", rateLimiter.size() == null ? "" : "of size " + rateLimiter.size(), "");
            }
        }
    }

    static void checkPath(String path, String key, String name, Problems problems) {
        problems.require(!path.isEmpty(), key, "the " + name + " path is empty: give stdio or a socket path");
        int length = path.getBytes(StandardCharsets.UTF_8).length;
        problems.require(length <= MAX_SOCKET_PATH, key,
                "socket path \"" + path + "\" of " + length + " bytes is above the limit of " + MAX_SOCKET_PATH);
        problems.requirePath(path, key, name + " socket");
    }
}
