package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.charset.StandardCharsets;

/**
 * The host's end of the first serial port ({@code serial}).
 *
 * @param path {@value #STDIO} for the terminal or pipes of this process, {@value #NONE} to let the guest talk to nobody,
 *             or the path of a Unix stream socket to create
 */
public record SerialConfig(@JsonProperty("path") String path) {

    /** Standard input and output of this process. */
    public static final String STDIO = "stdio";
    /** Nobody: what the guest prints is dropped. */
    public static final String NONE = "none";

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

    /** True when the port has no host's end. */
    @JsonIgnore
    public boolean isNone() {
        return path.equals(NONE);
    }

    void check(Problems problems) {
        checkPath(path, "serial.path", "serial", problems);
    }

    static void checkPath(String path, String key, String name, Problems problems) {
        problems.require(!path.isEmpty(), key, "the " + name + " path is empty: give stdio or a socket path");
        int length = path.getBytes(StandardCharsets.UTF_8).length;
        problems.require(length <= MAX_SOCKET_PATH, key,
                "socket path of " + length + " bytes is above the limit of " + MAX_SOCKET_PATH);
        problems.requirePath(path, key, name + " socket");
    }
}
