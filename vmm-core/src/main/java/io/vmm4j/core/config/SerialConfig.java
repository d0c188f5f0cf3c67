package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.charset.StandardCharsets;

/**
 * The host's end of the first serial port ({@code serial}).
 *
 * @param path {@value #STDIO} for the terminal or pipes of this process, or the path of a Unix stream socket to create
 */
public record SerialConfig(@JsonProperty("path") String path) {

    /** Standard input and output of this process. */
    public static final String STDIO = "stdio";

    /** The longest path that fits {@code sun_path} of a Unix socket address with its NUL, in bytes. */
    private static final int MAX_SOCKET_PATH = 107;

    public SerialConfig {
        path = path == null ? STDIO : path;
    }

    /** True when the port is on standard input and output. */
    @JsonIgnore
    public boolean isStdio() {
        return path.equals(STDIO);
    }

    void check(Problems problems) {
        problems.require(!path.isEmpty(), "serial.path", "the serial path is empty: give stdio or a socket path");
        int length = path.getBytes(StandardCharsets.UTF_8).length;
        problems.require(length <= MAX_SOCKET_PATH, "serial.path",
                "socket path of " + length + " bytes is above the limit of " + MAX_SOCKET_PATH);
    }
}
