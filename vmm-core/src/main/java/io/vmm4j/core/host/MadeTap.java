package io.vmm4j.core.host;

import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.InterfaceAddress;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A tap that is made for one machine, up and with an address, and is gone with it, also when the process is killed. The kernel numbers
 * it; {@code vmmN} has the four addresses from 10.213.0.0 + 4 N, or from 172.29.0.0 + 4 N where the host has something at those or a
 * route to them: the host's is the second and the guest's the third. Packets for elsewhere are the host's to route: neither forwarding nor NAT is set up.
 */
public final class MadeTap implements NetPort {

    private static final Logger LOG = LoggerFactory.getLogger(MadeTap.class);
    private static final String PREFIX = "vmm";
    private static final List<Integer> NETWORKS = List.of(10 << 24 | 213 << 16, 172 << 24 | 29 << 16);
    private static final int ADDRESSES = 4;
    private static final int PREFIX_LENGTH = 30;
    /** As many as a network of 16 bits has room for. */
    private static final int MAX_NUMBER = (1 << 16) / ADDRESSES - 1;

    /** Its bit in /proc/PID/status, capabilities(7). */
    private static final int CAP_NET_ADMIN = 12;

    private final TapInterface tap;
    private final int network;

    /** @param network the first of its addresses */
    private MadeTap(TapInterface tap, int network) {
        this.tap = tap;
        this.network = network;
    }

    /**
     * Looks whether this user may make one, as far as that can be told without.
     *
     * @throws IOException when not: a line that says what to do
     */
    public static void check() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            String capabilities = lines.filter(line -> line.startsWith("CapEff:")).findFirst().orElse("CapEff: 0").split("\\s+")[1];
            if ((Long.parseUnsignedLong(capabilities, 16) >> CAP_NET_ADMIN & 1) == 0) {
                throw notPermitted(null);
            }
        }
    }

    /**
     * Makes one in this network namespace.
     *
     * @param interfaceId of the guest's interface, for the log
     * @throws LinuxException when the kernel refuses
     * @throws IOException    when this user may not: a line that says what to do
     */
    public static MadeTap make(String interfaceId) throws IOException {
        TapInterface tap = open();
        try {
            int number = Integer.parseInt(tap.name().substring(PREFIX.length()));
            if (number > MAX_NUMBER) {
                throw new IOException("tap " + tap.name() + " is above " + PREFIX + MAX_NUMBER + ", the last that there is an address for");
            }
            MadeTap made = new MadeTap(tap, free(HostNetworks.read(), ADDRESSES * number));
            InterfaceAddress.set(tap.name(), made.network + 1, PREFIX_LENGTH);
            LOG.info("network interface {}: tap {} made, the host is {}, the guest is to be {}/{}", interfaceId, tap.name(), made.hostAddress(),
                    made.guestAddress(), PREFIX_LENGTH);
            return made;
        } catch (IOException e) {
            tap.close();
            throw e;
        }
    }

    /** The first network at {@code offset} in one of ours that the host has nothing at. */
    static int free(HostNetworks used, int offset) throws IOException {
        for (int network : NETWORKS) {
            if (!used.has(network + offset, PREFIX_LENGTH)) {
                return network + offset;
            }
        }
        throw new IOException("the host has addresses of its own, or routes, at " + NETWORKS.stream().map(network -> text(network + offset) + "/" + PREFIX_LENGTH)
                .collect(Collectors.joining(" and ")) + ", which the tap could have: make one with another address and name it here");
    }

    private static IOException notPermitted(LinuxException cause) {
        return new IOException("this user may not make a tap (CAP_NET_ADMIN): as root, `ip tuntap add tap0 mode tap user $USER` makes one to"
                + " name here, and passt needs none", cause);
    }

    private static TapInterface open() throws IOException {
        try {
            return TapInterface.openOrMake(PREFIX + "%d");
        } catch (LinuxException e) {
            if (e.errno() == Errno.EPERM) {
                throw notPermitted(e);
            }
            throw e;
        }
    }

    /** Its name. */
    public String name() {
        return tap.name();
    }

    /** The host's address on it. */
    public String hostAddress() {
        return text(network + 1);
    }

    /** The address that the guest is to have. */
    public String guestAddress() {
        return text(network + 2);
    }

    private static String text(int address) {
        return (address >>> 24) + "." + (address >> 16 & 0xFF) + "." + (address >> 8 & 0xFF) + "." + (address & 0xFF);
    }

    @Override
    public OptionalInt packetLimit() {
        return tap.packetLimit();
    }

    @Override
    public NetBackend attach(EpollEventLoop loop, Consumer<String> onLoss) throws IOException {
        return tap.attach(loop, onLoss);
    }

    @Override
    public void close() {
        tap.close();
    }
}
