package io.vmm4j.core.host;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The IPv4 networks that the host has addresses in, or routes of 8 bits and more to, in this network namespace, as they were when they were read.
 * Immutable.
 */
final class HostNetworks {

    private static final Path ROUTES = Path.of("/proc/net/route");
    private static final int DESTINATION = 1;
    private static final int MASK = 7;
    private static final int HEX = 16;
    /** A route by fewer bits is one to all there is, as one of the two halves of it that VPNs have is: it says nothing of the network's use. */
    private static final int LEAST_ROUTE_MASK = 0xFF00_0000;

    private record Network(int address, int mask) {
    }

    private final List<Network> networks;

    private HostNetworks(List<Network> networks) {
        this.networks = networks;
    }

    /** @throws IOException when the host does not tell */
    static HostNetworks read() throws IOException {
        List<Network> networks = routes(Files.readAllLines(ROUTES));
        for (NetworkInterface found : Collections.list(NetworkInterface.getNetworkInterfaces())) {
            for (InterfaceAddress address : found.getInterfaceAddresses()) {
                if (address.getAddress() instanceof Inet4Address ipv4) {
                    networks.add(new Network(ByteBuffer.wrap(ipv4.getAddress()).getInt(), mask(address.getNetworkPrefixLength())));
                }
            }
        }
        return new HostNetworks(List.copyOf(networks));
    }

    /** Those that {@code lines}, of /proc/net/route, lead to. */
    static HostNetworks of(List<String> lines) {
        return new HostNetworks(List.copyOf(routes(lines)));
    }

    private static List<Network> routes(List<String> lines) {
        List<Network> networks = new ArrayList<>();
        for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
            String[] words = line.strip().split("\\s+");
            if (words.length > MASK && (number(words[MASK]) & LEAST_ROUTE_MASK) == LEAST_ROUTE_MASK) {
                networks.add(new Network(number(words[DESTINATION]), number(words[MASK])));
            }
        }
        return networks;
    }

    /** In the order of the network, written as a number of this processor. */
    private static int number(String hex) {
        return Integer.reverseBytes(Integer.parseUnsignedInt(hex, HEX));
    }

    private static int mask(int prefixLength) {
        return prefixLength == 0 ? 0 : -1 << Integer.SIZE - prefixLength;
    }

    /** Whether something of the host's is in {@code network}, or the network in something of the host's. */
    boolean has(int network, int prefixLength) {
        int mask = mask(prefixLength);
        return networks.stream().filter(used -> used.mask() != 0).anyMatch(used -> ((used.address() ^ network) & used.mask() & mask) == 0);
    }
}
