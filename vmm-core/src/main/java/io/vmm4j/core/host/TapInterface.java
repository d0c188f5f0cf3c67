package io.vmm4j.core.host;

import io.vmm4j.devices.virtio.net.NetOffload;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Tap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A tap interface of the host, opened with all the queues that a network device will use and fit for its header. Not
 * thread-safe.
 */
public final class TapInterface implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TapInterface.class);

    /** struct virtio_net_hdr with num_buffers, as virtio 1 has it whether buffers are mergeable or not. */
    private static final int HEADER_LENGTH = 12;
    private static final int IFF_UP = 1;

    private final List<Tap> queues;
    private final Set<NetOffload> offloads;

    private TapInterface(List<Tap> queues, Set<NetOffload> offloads) {
        this.queues = List.copyOf(queues);
        this.offloads = Set.copyOf(offloads);
    }

    /**
     * Opens {@code queues} queues of the tap interface {@code name}. The kernel makes one that does not exist, until it is
     * closed, for a caller with CAP_NET_ADMIN.
     *
     * @param name   1 to 15 bytes
     * @param queues 1 or more; more than 1 needs an interface with {@code multi_queue}
     * @throws LinuxException naming the call and what to do about it
     */
    public static TapInterface open(String name, int queues) throws LinuxException {
        List<Tap> opened = new ArrayList<>();
        try {
            for (int i = 0; i < queues; i++) {
                opened.add(Tap.open(name, queues > 1));
            }
            Tap first = opened.get(0);
            first.setVnetHeaderSize(HEADER_LENGTH);
            TapInterface tap = new TapInterface(opened, offloadsOf(first));
            warnIfDown(name);
            return tap;
        } catch (LinuxException e) {
            opened.forEach(Tap::close);
            throw e;
        }
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

    private static void warnIfDown(String name) {
        Path flags = Path.of("/sys/class/net", name, "flags");
        try {
            if ((Integer.decode(Files.readString(flags).strip()) & IFF_UP) == 0) {
                LOG.warn("tap {} is down, so nothing passes until `ip link set {} up`", name, name);
            }
        } catch (IOException | NumberFormatException e) {
            LOG.debug("whether tap {} is up cannot be told: {}", name, e.toString());
        }
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

    @Override
    public void close() {
        queues.forEach(Tap::close);
    }
}
