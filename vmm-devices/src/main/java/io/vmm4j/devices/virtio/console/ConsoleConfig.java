package io.vmm4j.devices.virtio.console;

import java.util.List;

/**
 * What is chosen about a console device.
 *
 * @param cols      width of port 0 in characters, 0 to 65535; 0 = unknown
 * @param rows      height of port 0 in characters, 0 to 65535; 0 = unknown
 * @param multiport whether MULTIPORT is offered; without it there is one port
 * @param ports     1 to 31 of them, port 0 first
 */
public record ConsoleConfig(int cols, int rows, boolean multiport, List<ConsolePortConfig> ports) {

    static final int MAX_SIZE = 0xFFFF;

    /** @throws IllegalArgumentException when a bound above is broken */
    public ConsoleConfig {
        ports = List.copyOf(ports);
        checkSize(cols, rows);
        int most = multiport ? ConsoleConstants.MAX_PORTS : 1;
        if (ports.isEmpty() || ports.size() > most) {
            throw new IllegalArgumentException(ports.size() + " console ports are not within 1 to " + most);
        }
    }

    /** One port, usable as hvc0. */
    public static ConsoleConfig hvc0(int cols, int rows) {
        return new ConsoleConfig(cols, rows, false, List.of(ConsolePortConfig.CONSOLE));
    }

    static void checkSize(int cols, int rows) {
        if (cols < 0 || cols > MAX_SIZE || rows < 0 || rows > MAX_SIZE) {
            throw new IllegalArgumentException("console size " + cols + " x " + rows + " is not within 0 to " + MAX_SIZE);
        }
    }
}
