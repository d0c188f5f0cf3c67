package io.vmm4j.core.machine;

import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.core.config.PublishedPort;
import io.vmm4j.core.host.MadeTap;
import io.vmm4j.core.host.NetPort;
import io.vmm4j.core.host.Passt;
import io.vmm4j.core.host.PortFaultException;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.core.host.StreamPort;
import io.vmm4j.core.host.TapInterface;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.Path;

/** Opens what network interfaces stand on: the one place for machines that start, that go on, and that are given another interface; and looks at
 * it where nothing is to be opened. */
final class NetPorts {

    private NetPorts() {
    }

    /**
     * Opens the port of an interface whose configuration is sound.
     *
     * @param key of the interface, which problems begin with
     * @return {@code null} when there is a problem
     * @throws IOException when the host has too few descriptors left, or too little memory, or it cannot start passt
     */
    static NetPort open(NetworkInterfaceConfig network, String key, Problems problems) throws IOException {
        return noting(network, key, problems, NetPorts::open);
    }

    /**
     * Looks for what is wrong with the port of an interface as far as that can be told without it: nothing is started, made, connected to or
     * attached to.
     *
     * @throws IOException when the host has too few descriptors left, or too little memory
     */
    static void check(NetworkInterfaceConfig network, String key, Problems problems) throws IOException {
        noting(network, key, problems, NetPorts::look);
    }

    @FunctionalInterface
    private interface Opening {
        NetPort of(NetworkInterfaceConfig network) throws IOException;
    }

    private static NetPort noting(NetworkInterfaceConfig network, String key, Problems problems, Opening opening) throws IOException {
        String field = key + "." + network.portField();
        try {
            return opening.of(network);
        } catch (PortFaultException e) {
            throw e;
        } catch (LinuxException e) {
            Shortage.rethrow(e);
            problems.add(field, subject(network) + " cannot be used: " + e.getMessage());
        } catch (IOException e) {
            Shortage.rethrow(e);
            problems.add(field, e.getMessage());
        }
        return null;
    }

    private static NetPort open(NetworkInterfaceConfig network) throws IOException {
        return switch (network.portField()) {
            case "user" -> Passt.start(network.publish().stream().map(PublishedPort::parse).toList(), network.hostLoopback() != null);
            case "stream" -> StreamPort.connect(Path.of(network.stream()));
            case "tap" -> MadeTap.make(network.ifaceId());
            default -> TapInterface.open(network.hostDevName(), network.queuePairs());
        };
    }

    private static NetPort look(NetworkInterfaceConfig network) throws IOException {
        switch (network.portField()) {
            case "user" -> Passt.require();
            case "stream" -> StreamPort.check(Path.of(network.stream()));
            case "tap" -> MadeTap.check();
            default -> TapInterface.check(network.hostDevName(), network.queuePairs());
        }
        return null;
    }

    private static String subject(NetworkInterfaceConfig network) {
        return switch (network.portField()) {
            case "user" -> "passt";
            case "stream" -> "stream socket \"" + network.stream() + "\"";
            case "tap" -> "a new tap";
            default -> "tap " + network.hostDevName();
        };
    }
}
