package io.vmm4j.core.host;

import io.vmm4j.devices.text.ShellWord;
import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.devices.virtio.net.NetOffload;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.NetInterface;
import io.vmm4j.kvm.libc.Tap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A tap interface of the host, opened with all the queues that a network device will use and fit for its header. Not
 * thread-safe.
 */
public final class TapInterface implements NetPort {

    private static final Logger LOG = LoggerFactory.getLogger(TapInterface.class);

    /** struct virtio_net_hdr with num_buffers, as virtio 1 has it whether buffers are mergeable or not. */
    private static final int HEADER_LENGTH = 12;

    private final List<Tap> queues;
    private final Set<NetOffload> offloads;
    private final int mtu;

    private TapInterface(List<Tap> queues, Set<NetOffload> offloads, int mtu) {
        this.queues = List.copyOf(queues);
        this.offloads = Set.copyOf(offloads);
        this.mtu = mtu;
    }

    /**
     * Opens {@code queues} queues of the tap interface {@code name}, of this network namespace. None is made: one that
     * does not exist is refused also to a caller who may make one.
     *
     * @param name   1 to 15 bytes
     * @param queues 1 or more; more than 1 needs an interface with {@code multi_queue}
     * @throws LinuxException when the host refuses, naming the call and what to do about it
     * @throws IOException    when there is no such tap, or none for so many queues, or it is another program's: a line that
     *                        names it and what to do about it
     */
    public static TapInterface open(String name, int queues) throws IOException {
        NetInterface found = fit(name, queues);
        List<Tap> opened = new ArrayList<>();
        try {
            for (int i = 0; i < queues; i++) {
                opened.add(Tap.open(name, found.multiQueue()));
            }
            requireAlone(found, queues);
            Tap first = opened.get(0);
            first.setVnetHeaderSize(HEADER_LENGTH);
            TapInterface tap = new TapInterface(opened, offloadsOf(first), found.mtu());
            if (!found.isUp()) {
                LOG.warn("tap {} is down, so nothing passes until `ip link set {} up`", name, name);
            }
            return tap;
        } catch (IOException e) {
            opened.forEach(Tap::close);
            throw e;
        }
    }

    /**
     * Looks whether there is such a tap, without attaching to it: who listens on the host would see its carrier come and go.
     *
     * @throws IOException as {@link #open}, but for what only opening tells, as that it is another user's
     */
    public static void check(String name, int queues) throws IOException {
        fit(name, queues);
    }

    private static NetInterface fit(String name, int queues) throws IOException {
        NetInterface found = NetInterface.find(name).orElseThrow(() -> new IOException(
                "tap " + name + " does not exist in this network namespace: as root, " + made(name, queues) + " makes it"));
        requireFit(found, name, queues);
        return found;
    }

    /**
     * Opens the one queue of the tap interface {@code name} as Firecracker does: the kernel makes one that does not exist, until
     * it is closed, for a caller with CAP_NET_ADMIN, and numbers {@code tap%d}.
     *
     * @param name 1 to 15 bytes
     * @throws LinuxException with the kernel's refusal
     */
    public static TapInterface openOrMake(String name) throws IOException {
        Tap tap = Tap.open(name, false);
        try {
            tap.setVnetHeaderSize(HEADER_LENGTH);
            NetInterface made = NetInterface.find(tap.name()).orElseThrow(() -> new IOException("tap " + name + " is gone"));
            return new TapInterface(List.of(tap), offloadsOf(tap), made.mtu());
        } catch (IOException e) {
            tap.close();
            throw e;
        }
    }

    private static void requireFit(NetInterface found, String name, int queues) throws IOException {
        if (!found.isTap()) {
            throw new IOException("interface " + name + " is " + kindOf(found) + ", not a tap: as root, "
                    + made("NAME", queues) + " makes one");
        }
        if (queues > 1 && !found.multiQueue()) {
            throw new IOException("tap " + name + " has one queue, not " + queues + ": make it anew with " + made(name, queues));
        }
        if (found.queues() > 0) {
            throw busy(name);
        }
    }

    private static String kindOf(NetInterface found) {
        if (found.tunType() == NetInterface.TUN) {
            return "a tun interface";
        }
        if ((found.flags() & NetInterface.IFF_LOOPBACK) != 0) {
            return "the loopback";
        }
        return found.kind().isEmpty() ? "a network card or the like" : "a " + found.kind() + " interface";
    }

    /** Between the look at it and the opening, the interface may have gone, and another program may have come to it. */
    private static void requireAlone(NetInterface found, int queues) throws IOException {
        NetInterface now = NetInterface.find(found.name()).orElse(null);
        if (now == null || now.index() != found.index()) {
            throw new IOException("tap " + found.name() + " was deleted while it was opened");
        }
        // A tap of one queue has the kernel say so; of several queues it gives each program some, and each some of the frames.
        if (found.multiQueue() && now.queues() != queues) {
            throw busy(found.name());
        }
    }

    private static IOException busy(String name) {
        return new IOException("tap " + name + " is in use: another program is attached to it");
    }

    private static String made(String name, int queues) {
        return "`ip tuntap add " + ShellWord.of(name) + " mode tap" + (queues > 1 ? " multi_queue" : "") + " user $USER`";
    }

    /** Segmentation of UDP is known to the kernel since Linux 6.2. */
    private static Set<NetOffload> offloadsOf(Tap tap) throws LinuxException {
        Set<NetOffload> offloads = EnumSet.of(NetOffload.CSUM, NetOffload.TSO4, NetOffload.TSO6, NetOffload.ECN);
        try {
            tap.setOffload(Tap.TUN_F_CSUM | Tap.TUN_F_USO4 | Tap.TUN_F_USO6);
            offloads.add(NetOffload.USO4);
            offloads.add(NetOffload.USO6);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
        }
        tap.setOffload(0);
        return offloads;
    }

    /** The interface's name. */
    public String name() {
        return queues.get(0).name();
    }

    /** Its queues, the first being the one that settings of the whole interface go through. */
    List<Tap> queues() {
        return queues;
    }

    /** What the host's kernel can do to frames from the guest, and leave undone on those for it. */
    Set<NetOffload> offloads() {
        return offloads;
    }

    /** The interface's largest packet when it was opened, in bytes. */
    public int mtu() {
        return mtu;
    }

    @Override
    public OptionalInt packetLimit() {
        return OptionalInt.of(mtu);
    }

    /** A tap is not lost: one that is deleted fails what is sent. */
    @Override
    public NetBackend attach(EpollEventLoop loop, Consumer<String> onLoss) throws IOException {
        return new TapBackend(loop, this);
    }

    @Override
    public void close() {
        queues.forEach(Tap::close);
    }
}
