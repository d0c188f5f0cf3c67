package io.vmm4j.devices.virtio.console;

import java.nio.charset.StandardCharsets;

/**
 * What is chosen about one port.
 *
 * @param name      the name the guest finds it by, at most 64 bytes of UTF-8; empty = none
 * @param isConsole whether it is a text console (hvc) rather than a channel for programs
 */
public record ConsolePortConfig(String name, boolean isConsole) {

    /** The usual port 0: a console without a name. */
    public static final ConsolePortConfig CONSOLE = new ConsolePortConfig("", true);

    /** @throws IllegalArgumentException when the name is too long */
    public ConsolePortConfig {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length > ConsoleConstants.MAX_NAME) {
            throw new IllegalArgumentException("port name \"" + name + "\" has " + length + " bytes, the most are " + ConsoleConstants.MAX_NAME);
        }
    }
}
