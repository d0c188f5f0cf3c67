package io.vmm4j.core.host;

import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.InterfaceAddress;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A tap that is made for one machine, up and with an address, and is gone with it, also when the process is killed. The kernel numbers
 * it; {@code vmmN} has the four addresses from 10.213.0.0 + 4 N: the host's is the second and the guest's the third. Packets for
 * elsewhere are the host's to route: neither forwarding nor NAT is set up.
 */
public final class MadeTap implements NetPort {

    private static final Logger LOG = LoggerFactory.getLogger(MadeTap.class);
    private static final String PREFIX = "vmm";
    private static final int NETWORK = 10 << 24 | 213 << 16;
    private static final int ADDRESSES = 4;
    private static final int PREFIX_LENGTH = 30;
    /** As many as 10.213.0.0/16 has room for. */
    private static final int MAX_NUMBER = (1 << 16) / ADDRESSES - 1;

    private final TapInterface tap;
    private final int number;

    private MadeTap(TapInterface tap, int number) {
        this.tap = tap;
        this.number = number;
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
            MadeTap made = new MadeTap(tap, number);
            InterfaceAddress.set(tap.name(), NETWORK + ADDRESSES * number + 1, PREFIX_LENGTH);
            LOG.info("network interface {}: tap {} made, the host is {}, the guest is to be {}/{}", interfaceId, tap.name(), made.hostAddress(),
                    made.guestAddress(), PREFIX_LENGTH);
            return made;
        } catch (IOException e) {
            tap.close();
            throw e;
        }
    }

    private static TapInterface open() throws IOException {
        try {
            return TapInterface.openOrMake(PREFIX + "%d");
        } catch (LinuxException e) {
            if (e.errno() == Errno.EPERM) {
                throw new IOException("this user may not make a tap (CAP_NET_ADMIN): as root, `ip tuntap add tap0 mode tap user $USER` makes one to"
                        + " name here, and passt needs none", e);
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
        return address(1);
    }

    /** The address that the guest is to have. */
    public String guestAddress() {
        return address(2);
    }

    private String address(int index) {
        int address = NETWORK + ADDRESSES * number + index;
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
