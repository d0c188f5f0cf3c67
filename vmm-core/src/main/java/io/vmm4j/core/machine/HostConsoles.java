package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.SerialConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.host.FileConsole;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.host.SilentConsole;
import io.vmm4j.core.host.SocketConsole;
import io.vmm4j.core.host.SocketPlaceException;
import io.vmm4j.core.host.StdioConsole;
import io.vmm4j.core.vcpu.VcpuEvents;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The host's ends of a machine's consoles: those that the embedder brings along, and those that the configuration asks for. */
final class HostConsoles {

    private final VmConfig config;
    private final GivenParts given;
    private final VcpuEvents events;
    private final MachineThreads own;
    private final Consumer<AutoCloseable> owner;
    private final List<GivenConsole> givenConsoles = new ArrayList<>();

    /** @param owner closes what is made here at the machine's end */
    HostConsoles(VmConfig config, GivenParts given, VcpuEvents events, MachineThreads own, Consumer<AutoCloseable> owner) {
        this.config = config;
        this.given = given;
        this.events = events;
        this.own = own;
        this.owner = owner;
    }

    /** The host's end of the serial port. */
    SerialConsole serial() throws IOException {
        if (given.serial() != null) {
            return given("serial console", "serial", given.serial());
        }
        String file = config.serial().serialOutPath();
        return owned(file == null ? consoleOn(config.serial().path()) : FileConsole.open(Path.of(file)));
    }

    /** The host's end of the virtio console, or {@code null} when there is none. */
    SerialConsole virtio() {
        if (given.console() != null) {
            return given("virtio console", "console", given.console());
        }
        return config.console() == null ? null : owned(consoleOn(config.console().path()));
    }

    private GivenConsole given(String name, String key, SerialConsole console) {
        if (console == given.serial() && console == given.console() && !givenConsoles.isEmpty()) {
            throw new GivenPartException(key, name + ": it is the serial console too", null);
        }
        GivenConsole guarded = GivenConsole.of(name, key, console, events, own);
        givenConsoles.add(guarded);
        return guarded;
    }

    private static SerialConsole consoleOn(String path) {
        return switch (path) {
            case SerialConfig.STDIO -> new StdioConsole();
            case SerialConfig.NONE -> new SilentConsole();
            default -> new SocketConsole(Path.of(path));
        };
    }

    /** Has {@code console} serve {@code port}; {@code key} is what its place is called in the configuration. */
    static void attach(SerialConsole console, ConsolePort port, String key) throws IOException, ConfigException {
        try {
            console.attach(port);
        } catch (SocketPlaceException e) {
            // Taken since the configuration was checked.
            throw new ConfigException(key, e.getMessage());
        }
    }

    private SerialConsole owned(SerialConsole console) {
        owner.accept(console);
        return console;
    }

    /** The embedder's, which their owner closes. */
    List<GivenConsole> given() {
        return givenConsoles;
    }
}
