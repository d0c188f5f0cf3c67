package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * A virtio console, the guest's hvc0 ({@code console}). Faster than the serial port, and it tells the guest the size of
 * the terminal; a kernel with the driver as a module prints its early messages on the serial port only.
 *
 * @param path its host's end, {@value SerialConfig#STDIO} or the path of a Unix stream socket to create
 */
public record VirtioConsoleConfig(@JsonProperty("path") String path) {

    public VirtioConsoleConfig {
        path = path == null ? SerialConfig.STDIO : path;
    }

    /** True when it is on standard input and output. */
    boolean takesStdio() {
        return path.equals(SerialConfig.STDIO);
    }

    void check(Problems problems) {
        SerialConfig.checkPath(path, "console.path", "console", problems);
    }
}
