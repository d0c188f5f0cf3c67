package io.vmm4j.devices.virtio.net;

import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.LoopTask;
import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.VirtioFeatures;
import io.vmm4j.devices.virtio.VirtioInterrupt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The network device, virtio 1.2 section 5.1: checksum and segmentation offloads both ways, mergeable receive buffers, MAC, MTU,
 * link status, several queue pairs, and a control queue.
 *
 * <p>Deviations: receive modes and address filters are accepted and not applied (section 5.1.6.5.1 calls them best effort).
 * Which pair a flow comes in on is the backend's choice. A frame of the guest with a header that the specification does
 * not allow is dropped and counted, not sent.
 *
 * <p>Confined to the event loop; methods that any thread may call say so.
 */
public final class VirtioNet implements VirtioDevice, Stateful {

    private static final long ALWAYS_OFFERED = VirtioFeatures.mask(NetConstants.VIRTIO_NET_F_MRG_RXBUF)
        | VirtioFeatures.mask(NetConstants.VIRTIO_NET_F_STATUS)
        | VirtioFeatures.mask(NetConstants.VIRTIO_NET_F_CTRL_VQ)
        | VirtioFeatures.mask(NetConstants.VIRTIO_NET_F_CTRL_RX)
        | VirtioFeatures.mask(NetConstants.VIRTIO_NET_F_CTRL_RX_EXTRA)
        | VirtioFeatures.mask(NetConstants.VIRTIO_NET_F_CTRL_MAC_ADDR)
        | VirtioFeatures.mask(NetConstants.VIRTIO_NET_F_GUEST_ANNOUNCE);

    private static final long MAC_MAX = (1L << Byte.SIZE * MacAddress.LENGTH) - 1;
    /** No mask of features. */
    private static final long NO_OFFLOADS_YET = -1;

    private final NetConfig config;
    private final NetConfigSpace space;
    private final NetLink link;
    /** Of the machine that this one goes on from, or is put back to. */
    private boolean wasPortLost;
    private final long features;
    private final RateLimiter rxLimiter;
    private final RateLimiter txLimiter;
    private final DriverFault fault = new DriverFault(VirtioDeviceType.NET);
    private final List<NetRx> receivers = new ArrayList<>();
    private final List<NetTx> transmitters = new ArrayList<>();
    private final NetControl control;
    private final QueuePump controlPump;
    private final LoopTask runAll;

    private int controlIndex;
    private int negotiatedPairs;
    private int activePairs;
    private long guestOffloads;
    private volatile long driverFeatures;
    private volatile VirtioInterrupt activeInterrupt;

    /** A device without rate limits. */
    public VirtioNet(EventLoop loop, NetConfig config, NetBackend backend) {
        this(loop, config, backend, RateLimiter.none(), RateLimiter.none());
    }

    /**
     * @param loop      the thread that owns the device
     * @param config    what the device is like
     * @param backend   the port, with at least as many queue pairs; the caller closes it, after a reset
     * @param rxLimiter limits frames for the guest; shared by its queues
     * @param txLimiter limits frames from the guest, and its commands; shared by its queues
     */
    public VirtioNet(EventLoop loop, NetConfig config, NetBackend backend, RateLimiter rxLimiter, RateLimiter txLimiter) {
        if (backend.queuePairs() < config.queuePairs()) {
            throw new IllegalArgumentException(
                config.queuePairs() + " queue pairs are more than the " + backend.queuePairs() + " of the backend");
        }
        this.config = config;
        this.space = new NetConfigSpace(config);
        this.link = new NetLink(backend, space);
        this.rxLimiter = rxLimiter;
        this.txLimiter = txLimiter;
        this.features = offeredFeatures(config, backend);
        this.control = new NetControl(this, loop, txLimiter);
        this.controlPump = new QueuePump(loop, fault, NetConstants.CONTROL_BATCH, control);
        this.runAll = new LoopTask(loop, this::runAllQueues);
        for (int i = 0; i < config.queuePairs(); i++) {
            receivers.add(new NetRx(link, i, loop, fault, rxLimiter));
            transmitters.add(new NetTx(link, i, loop, fault, txLimiter));
        }
    }

    private static long offeredFeatures(NetConfig config, NetBackend backend) {
        long offloads = NetOffload.features(backend.offloads());
        long offered = ALWAYS_OFFERED | offloads;
        offered |= bit(offloads != 0, NetConstants.VIRTIO_NET_F_CTRL_GUEST_OFFLOADS);
        offered |= bit(config.mac().isPresent(), NetConstants.VIRTIO_NET_F_MAC);
        offered |= bit(config.mtu().isPresent(), NetConstants.VIRTIO_NET_F_MTU);
        return offered | bit(config.queuePairs() > 1, NetConstants.VIRTIO_NET_F_MQ);
    }

    private static long bit(boolean offered, int feature) {
        return offered ? VirtioFeatures.mask(feature) : 0;
    }

    @Override
    public VirtioDeviceType type() {
        return VirtioDeviceType.NET;
    }

    @Override
    public long deviceFeatures() {
        return features;
    }

    @Override
    public int[] queueSizeMax() {
        int[] sizes = new int[NetConstants.QUEUES_PER_PAIR * config.queuePairs() + 1];
        Arrays.fill(sizes, config.queueSize());
        sizes[sizes.length - 1] = NetConstants.CONTROL_QUEUE_SIZE;
        return sizes;
    }

    @Override
    public ConfigSpace configSpace() {
        return space;
    }

    /** Section 5.1.2: the control queue is behind the pairs that were negotiated. */
    @Override
    public void activate(VirtioActivation activation) {
        fault.arm(activation.interrupt());
        boolean hasSeveral = activation.hasFeature(NetConstants.VIRTIO_NET_F_MQ);
        negotiatedPairs = hasSeveral ? config.queuePairs() : 1;
        controlIndex = hasSeveral ? NetConstants.QUEUES_PER_PAIR * config.queuePairs() : NetConstants.QUEUE_CONTROL_OF_ONE_PAIR;
        int mtu = activation.hasFeature(NetConstants.VIRTIO_NET_F_MTU) ? config.mtu().orElseThrow() : NetConstants.MAX_FRAME;
        for (int i = 0; i < negotiatedPairs; i++) {
            receivers.get(i).start(activation, NetConstants.QUEUES_PER_PAIR * i, mtu);
            transmitters.get(i).start(activation, NetConstants.QUEUES_PER_PAIR * i + 1);
        }
        if (activation.hasFeature(NetConstants.VIRTIO_NET_F_CTRL_VQ)) {
            control.activate(activation.driverFeatures());
            controlPump.start(activation, controlIndex);
        }
        link.backend().start(new Wakeups());
        guestOffloads = NO_OFFLOADS_YET;
        setGuestOffloads(activation.driverFeatures() & NetOffload.guestFeatures());
        usePairs(1);
        driverFeatures = activation.driverFeatures();
        activeInterrupt = activation.interrupt();
    }

    @Override
    public void onQueueNotify(int queueIndex) {
        if (queueIndex == controlIndex) {
            controlPump.run();
            return;
        }
        int pair = queueIndex / NetConstants.QUEUES_PER_PAIR;
        if (pair >= negotiatedPairs) {
            return;
        }
        if (queueIndex % NetConstants.QUEUES_PER_PAIR == 0) {
            receivers.get(pair).run();
        } else {
            transmitters.get(pair).run();
        }
    }

    @Override
    public void reset() {
        if (activeInterrupt != null) {
            link.backend().stop();
        }
        activeInterrupt = null;
        receivers.forEach(NetRx::stop);
        transmitters.forEach(NetTx::stop);
        control.stop();
        controlPump.stop();
        fault.disarm();
        negotiatedPairs = 0;
        space.setStatus(NetConstants.VIRTIO_NET_S_ANNOUNCE, false);
        config.mac().ifPresent(space::setMac);
    }

    @Override
    public State saveState() {
        State.Builder state = State.builder().put("mac", space.mac().value()).put("isLinkUp", link.isPlugged()).put("isPortLost", link.isLost())
                .put("isAnnouncing", space.hasStatus(NetConstants.VIRTIO_NET_S_ANNOUNCE)).put("control", control.saveState())
                .put("rxLimiter", rxLimiter.saveState()).put("txLimiter", txLimiter.saveState());
        if (activeInterrupt != null && !fault.isBroken()) {
            List<State> pairs = new ArrayList<>();
            for (int i = 0; i < negotiatedPairs; i++) {
                pairs.add(State.builder().put("rx", receivers.get(i).saveState()).put("tx", transmitters.get(i).saveState()).build());
            }
            state.put("activePairs", activePairs).put("guestOffloads", guestOffloads).put("pairs", pairs);
        }
        return state.build();
    }

    /** The backend was told of offloads and pairs by the activation, and is told again where the driver has settled others since. */
    @Override
    public void restoreState(State state) throws StateException {
        MacAddress mac = new MacAddress(state.integer("mac", 0, MAC_MAX));
        rxLimiter.restoreState(state.part("rxLimiter"));
        txLimiter.restoreState(state.part("txLimiter"));
        control.restoreState(state.part("control"));
        space.setStatus(NetConstants.VIRTIO_NET_S_ANNOUNCE, state.flag("isAnnouncing"));
        space.setMac(mac);
        link.plug(state.flag("isLinkUp"));
        wasPortLost = state.flag("isPortLost");
        if (activeInterrupt != null && state.has("pairs")) {
            restorePairs(state);
        }
    }

    private void restorePairs(State state) throws StateException {
        long offloads = state.bits("guestOffloads");
        if ((offloads & ~(driverFeatures & NetOffload.guestFeatures())) != 0) {
            throw new StateException("guestOffloads is 0x" + Long.toHexString(offloads) + ", which the driver has not accepted");
        }
        int used = state.int32("activePairs", 1, negotiatedPairs);
        List<State> pairs = state.parts("pairs", negotiatedPairs, negotiatedPairs);
        setGuestOffloads(offloads);
        if (used != activePairs && !setActivePairs(used)) {
            throw new StateException("activePairs is " + used + ", and the driver has not set up as many");
        }
        for (int i = 0; i < negotiatedPairs; i++) {
            receivers.get(i).restoreState(pairs.get(i).part("rx"));
            transmitters.get(i).restoreState(pairs.get(i).part("tx"));
        }
    }

    /** The port is this machine's and not that of the one that it goes on from: the driver may know another link. */
    @Override
    public void afterRestore() {
        if (wasPortLost != link.isLost()) {
            tellLink(true);
        }
    }

    /**
     * Plugs the cable in or out, and tells a driver that looks at it (STATUS, section 5.1.4). While it is out, frames of both directions are
     * dropped. Any thread.
     */
    public void setLinkUp(boolean up) {
        tellLink(link.plug(up));
    }

    /** The port has ended for good: the link is down from now on, whatever the cable. Any thread. */
    public void portLost() {
        tellLink(link.lose());
    }

    private void tellLink(boolean hasChanged) {
        if (hasChanged && isAccepted(NetConstants.VIRTIO_NET_F_STATUS)) {
            tellConfigChanged();
        }
    }

    /** Whether the cable is plugged in, and leads somewhere. Any thread. */
    public boolean isLinkUp() {
        return link.isUp();
    }

    /**
     * Asks the driver to tell the network where it is, as after a move to another host (section 5.1.6.5.4). Any thread.
     *
     * @return false, and without effect, when there is no driver, or one that did not accept GUEST_ANNOUNCE and STATUS
     */
    public boolean requestAnnounce() {
        boolean isUnderstood = isAccepted(NetConstants.VIRTIO_NET_F_GUEST_ANNOUNCE) && isAccepted(NetConstants.VIRTIO_NET_F_STATUS);
        if (activeInterrupt == null || !isUnderstood) {
            return false;
        }
        if (space.setStatus(NetConstants.VIRTIO_NET_S_ANNOUNCE, true)) {
            tellConfigChanged();
        }
        return true;
    }

    private boolean isAccepted(int feature) {
        return (driverFeatures >>> feature & 1) != 0;
    }

    /** The hardware address: the configured one, or what the driver has set since it started; zeroes when there is neither. Any thread. */
    public MacAddress mac() {
        return space.mac();
    }

    /** What was done so far. Any thread. */
    public NetStatistics statistics() {
        return link.counters().snapshot();
    }

    /** Changes the limit on frames for the guest, as {@link RateLimiter#update} does. Any thread. */
    public void updateRxLimits(Optional<BucketConfig> bandwidth, Optional<BucketConfig> operations) {
        rxLimiter.update(bandwidth, operations);
        runAll.schedule();
    }

    /** Changes the limit on frames from the guest, as {@link RateLimiter#update} does. Any thread. */
    public void updateTxLimits(Optional<BucketConfig> bandwidth, Optional<BucketConfig> operations) {
        txLimiter.update(bandwidth, operations);
        runAll.schedule();
    }

    /** The driver asks for {@code pairs} queue pairs. Returns false when it cannot have them. */
    boolean setActivePairs(int pairs) {
        if (pairs < 1 || pairs > negotiatedPairs) {
            return false;
        }
        for (int i = 0; i < pairs; i++) {
            if (!receivers.get(i).hasQueue() || !transmitters.get(i).hasQueue()) {
                return false;
            }
        }
        usePairs(pairs);
        return true;
    }

    private void usePairs(int pairs) {
        activePairs = pairs;
        link.backend().setActivePairs(pairs);
        for (int i = 0; i < receivers.size(); i++) {
            receivers.get(i).setEnabled(i < pairs);
        }
    }

    /** The driver settles its offloads, a mask of GUEST features; those it has already cost the host nothing. */
    void setGuestOffloads(long offloads) {
        if (offloads == guestOffloads) {
            return;
        }
        guestOffloads = offloads;
        link.backend().setOffloads(NetOffload.ofGuestFeatures(offloads));
        receivers.forEach(receiver -> receiver.setGuestOffloads(offloads));
    }

    /** The driver sets its address. */
    void setMac(MacAddress mac) {
        space.setMac(mac);
    }

    /** The driver has seen the request to announce itself. */
    void announced() {
        space.setStatus(NetConstants.VIRTIO_NET_S_ANNOUNCE, false);
    }

    private void tellConfigChanged() {
        VirtioInterrupt interrupt = activeInterrupt;
        if (interrupt != null) {
            interrupt.configChanged();
        }
    }

    private void runAllQueues() {
        receivers.forEach(NetRx::run);
        transmitters.forEach(NetTx::run);
        serveControl();
    }

    /** A command that had to wait need not any more. */
    void serveControl() {
        controlPump.run();
    }

    /** The backend's notifications; those of an activation that has ended find no queue. */
    private final class Wakeups implements NetBackend.Listener {

        @Override
        public void readable(int pair) {
            receivers.get(pair).run();
        }

        @Override
        public void writable(int pair) {
            transmitters.get(pair).run();
        }
    }
}
