package io.vmm4j.core.host;

import io.vmm4j.devices.limit.SparseCount;
import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.devices.virtio.net.NetOffload;
import io.vmm4j.kvm.libc.Epoll;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.IoVec;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Tap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network device's port on a tap interface, one queue of it a pair. The queues are watched edge triggered: a queue
 * that was found empty, or full, is heard of when that changes, and one that the guest has no buffers for costs nothing.
 *
 * <p>Confined to the event loop, but for the constructor and {@link #close}.
 */
public final class TapBackend implements NetBackend, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TapBackend.class);

    /** More pieces than a device hands over at once. */
    private static final int MAX_PIECES = 128;

    private final TapInterface tap;
    private final IoVec vector = new IoVec(MAX_PIECES);
    private final SparseCount refusals = new SparseCount();
    private int activePairs;
    /** Null while no driver is there, when what is heard is forgotten: the device looks at each queue when it starts. */
    private Listener listener;

    /**
     * @param loop the device's, not running yet
     * @param tap  open; this backend closes it
     * @throws IOException when the host cannot watch the tap
     */
    public TapBackend(EpollEventLoop loop, TapInterface tap) throws IOException {
        this.tap = tap;
        this.activePairs = tap.queues().size();
        for (int i = 0; i < activePairs; i++) {
            int pair = i;
            loop.watch(tap.queues().get(i).fd(), Epoll.EPOLLIN | Epoll.EPOLLOUT | Epoll.EPOLLET, events -> wake(pair, events));
        }
    }

    @Override
    public int queuePairs() {
        return tap.queues().size();
    }

    @Override
    public Set<NetOffload> offloads() {
        return tap.offloads();
    }

    @Override
    public void start(Listener newListener) {
        listener = newListener;
    }

    private void wake(int pair, int events) {
        if (listener != null && (events & ~Epoll.EPOLLOUT) != 0) {
            listener.readable(pair);
        }
        if (listener != null && (events & Epoll.EPOLLOUT) != 0) {
            listener.writable(pair);
        }
    }

    @Override
    public void setOffloads(Set<NetOffload> accepted) {
        int flags = 0;
        for (NetOffload offload : accepted) {
            flags |= switch (offload) {
                case CSUM -> Tap.TUN_F_CSUM;
                case TSO4 -> Tap.TUN_F_TSO4;
                case TSO6 -> Tap.TUN_F_TSO6;
                case ECN -> Tap.TUN_F_TSO_ECN;
                case USO4 -> Tap.TUN_F_USO4;
                case USO6 -> Tap.TUN_F_USO6;
                // Not among those offered.
                case UFO -> 0;
            };
        }
        // Only both together: the kernel knows UDP segmentation of one version alone as little as the driver does.
        boolean hasBothUso = (flags & Tap.TUN_F_USO4) != 0 && (flags & Tap.TUN_F_USO6) != 0;
        try {
            tap.queues().get(0).setOffload(hasBothUso ? flags : flags & ~(Tap.TUN_F_USO4 | Tap.TUN_F_USO6));
        } catch (LinuxException e) {
            // The device drops what the guest did not accept, so nothing worse follows than frames that do not arrive.
            refused(e.getMessage());
        }
    }

    @Override
    public void setActivePairs(int pairs) {
        try {
            while (activePairs < pairs) {
                tap.queues().get(activePairs).setAttached(true);
                activePairs++;
            }
            while (activePairs > pairs) {
                tap.queues().get(activePairs - 1).setAttached(false);
                activePairs--;
            }
        } catch (LinuxException e) {
            refused(activePairs + " of " + queuePairs() + " queues stay in use: " + e.getMessage());
        }
    }

    /** The guest's commands bring these about, as often as it likes once the interface is gone. */
    private void refused(String what) {
        long number = refusals.next();
        if (number != 0) {
            LOG.warn("tap {}: {}, refusal {} of this interface", tap.name(), what, number);
        }
    }

    @Override
    public int receive(int pair, ByteBuffer frame) throws IOException {
        vector.clear();
        vector.add(frame);
        long received = tap.queues().get(pair).readv(vector);
        if (received == Fd.WOULD_BLOCK) {
            return 0;
        }
        frame.position(frame.position() + (int) received);
        return (int) received;
    }

    @Override
    public boolean send(int pair, ByteBuffer[] pieces, int count) throws IOException {
        vector.clear();
        for (int i = 0; i < count; i++) {
            vector.add(pieces[i]);
        }
        return tap.queues().get(pair).writev(vector) != Fd.WOULD_BLOCK;
    }

    @Override
    public void stop() {
        listener = null;
    }

    /** Gives the interface back. The loop has ended. */
    @Override
    public void close() {
        tap.close();
    }
}
