package io.vmm4j.core.vhostuser;

import static io.vmm4j.core.vhostuser.VhostUserConstants.CONFIG_HEADER_SIZE;
import static io.vmm4j.core.vhostuser.VhostUserConstants.FLAG_NEED_REPLY;
import static io.vmm4j.core.vhostuser.VhostUserConstants.PROTOCOL_F_BACKEND_REQ;
import static io.vmm4j.core.vhostuser.VhostUserConstants.PROTOCOL_F_CONFIG;
import static io.vmm4j.core.vhostuser.VhostUserConstants.PROTOCOL_F_INFLIGHT_SHMFD;
import static io.vmm4j.core.vhostuser.VhostUserConstants.PROTOCOL_F_MQ;
import static io.vmm4j.core.vhostuser.VhostUserConstants.PROTOCOL_F_NET_MTU;
import static io.vmm4j.core.vhostuser.VhostUserConstants.PROTOCOL_F_REPLY_ACK;
import static io.vmm4j.core.vhostuser.VhostUserConstants.PROTOCOL_F_RESET_DEVICE;
import static io.vmm4j.core.vhostuser.VhostUserConstants.VHOST_USER_F_PROTOCOL_FEATURES;

import io.vmm4j.core.vhostuser.VhostUserConstants.Request;
import io.vmm4j.devices.virtio.VirtioFeatures;
import io.vmm4j.devices.virtio.queue.QueueAddresses;
import io.vmm4j.kvm.libc.EventFd;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * A back end that is connected: what it can do, and what it is asked. Whatever it answers is checked; after a {@link VhostUserException} it is to be
 * closed. Each method may wait as {@link Channel} does.
 *
 * <p>Confined to one thread at a time.
 */
final class BackEnd implements AutoCloseable {

    private static final long WANTED = mask(PROTOCOL_F_MQ) | mask(PROTOCOL_F_REPLY_ACK) | mask(PROTOCOL_F_NET_MTU) | mask(PROTOCOL_F_BACKEND_REQ)
            | mask(PROTOCOL_F_CONFIG) | mask(PROTOCOL_F_INFLIGHT_SHMFD) | mask(PROTOCOL_F_RESET_DEVICE);

    private final Channel channel;
    private long features;
    private long protocolFeatures;
    private long queueLimit = Long.MAX_VALUE;
    private Optional<BackEndRequests> requests = Optional.empty();

    /** A queue that the back end is to serve. */
    record Ring(int index, QueueAddresses at, int base, EventFd kick, EventFd call, EventFd error) {
    }

    private BackEnd(Channel channel) {
        this.channel = channel;
    }

    /**
     * Connects to the back end that listens at {@code path}, and asks what it can do.
     *
     * @param hurry ends waits when it becomes true
     * @throws IOException when nobody listens; a {@link VhostUserException} when it does not do as the protocol says
     */
    static BackEnd connect(Path path, Timing timing, BooleanSupplier hurry) throws IOException {
        UnixSocket socket = UnixSocket.open();
        BackEnd backEnd = new BackEnd(new Channel(socket, timing.answer(), hurry));
        try {
            if (!socket.connect(path)) {
                throw VhostUserException.gone("has others to take first");
            }
            backEnd.negotiate();
            return backEnd;
        } catch (IOException | RuntimeException | Error e) {
            backEnd.close();
            throw e;
        }
    }

    private static long mask(int bit) {
        return 1L << bit;
    }

    private void negotiate() throws IOException {
        channel.payload();
        channel.send(Request.SET_OWNER, 0);
        features = ask(Request.GET_FEATURES);
        if (!hasFeature(VirtioFeatures.VIRTIO_F_VERSION_1)) {
            throw VhostUserException.gone("does not offer VIRTIO_F_VERSION_1");
        }
        if (!hasFeature(VHOST_USER_F_PROTOCOL_FEATURES)) {
            return;
        }
        protocolFeatures = ask(Request.GET_PROTOCOL_FEATURES) & WANTED;
        channel.payload().putLong(protocolFeatures);
        channel.send(Request.SET_PROTOCOL_FEATURES, 0);
        if (has(PROTOCOL_F_MQ)) {
            queueLimit = ask(Request.GET_QUEUE_NUM);
        }
        if (has(PROTOCOL_F_BACKEND_REQ)) {
            openRequests();
        }
    }

    private void openRequests() throws IOException {
        List<UnixSocket> ends = UnixSocket.pair();
        BackEndRequests ours = new BackEndRequests(ends.get(0));
        requests = Optional.of(ours);
        channel.whileWaiting(ours::serveMeanwhile);
        try (UnixSocket theirs = ends.get(1)) {
            channel.payload();
            tell(Request.SET_BACKEND_REQ_FD, theirs.fd());
        }
    }

    /** All is known of it that is asked at first: the exchanges until now have the time of one, those that follow each have it. */
    void established() {
        channel.established();
    }

    /** Features of the device and of its rings, bit i = feature i. */
    long features() {
        return features;
    }

    private boolean hasFeature(int bit) {
        return (features & mask(bit)) != 0;
    }

    private boolean has(int protocolFeature) {
        return (protocolFeatures & mask(protocolFeature)) != 0;
    }

    /** Whether the configuration space is the back end's. */
    boolean hasConfig() {
        return has(PROTOCOL_F_CONFIG);
    }

    /** How many queues it can serve, of a network device how many pairs, unsigned; {@link Long#MAX_VALUE} when it does not say. */
    long queueLimit() {
        return queueLimit;
    }

    /** For {@link io.vmm4j.kvm.libc.Epoll}: what ends when the back end does. */
    int fd() {
        return channel.fd();
    }

    /** What the back end asks, where it can. */
    Optional<BackEndRequests> requests() {
        return requests;
    }

    private long ask(Request request) throws VhostUserException {
        channel.payload();
        channel.send(request, 0);
        return channel.reply(request, Long.BYTES).getLong();
    }

    /** Sends what was written to the channel's payload; where the back end can say so, it has done it on return. */
    private void tell(Request request, int... files) throws VhostUserException {
        boolean isAnswered = has(PROTOCOL_F_REPLY_ACK);
        channel.send(request, isAnswered ? FLAG_NEED_REPLY : 0, files);
        if (isAnswered) {
            long failure = channel.reply(request, Long.BYTES).getLong();
            if (failure != 0) {
                throw VhostUserException.breach("has refused " + request + " (" + failure + ")");
            }
        }
    }

    /** The first {@code length} bytes of the device's configuration space; with {@link #hasConfig} only. */
    byte[] config(int length) throws VhostUserException {
        channel.payload().putInt(0).putInt(length).putInt(0).put(new byte[length]);
        channel.send(Request.GET_CONFIG, 0);
        ByteBuffer payload = channel.reply(Request.GET_CONFIG, 0, CONFIG_HEADER_SIZE + length);
        if (payload.remaining() != CONFIG_HEADER_SIZE + length || payload.getInt() != 0 || payload.getInt() != length) {
            throw VhostUserException.breach("does not give the " + length + " bytes of its configuration space");
        }
        byte[] config = new byte[length];
        payload.getInt();
        payload.get(config);
        return config;
    }

    /** Hands a driver's write to the configuration space on; with {@link #hasConfig} only. */
    void setConfig(int offset, byte value) throws VhostUserException {
        channel.payload().putInt(offset).putInt(1).putInt(0).put(value);
        tell(Request.SET_CONFIG);
    }

    /** Has a network device's back end know the MTU, where it wants to. */
    void setMtu(int mtu) throws VhostUserException {
        if (has(PROTOCOL_F_NET_MTU)) {
            channel.payload().putLong(mtu);
            tell(Request.NET_SET_MTU);
        }
    }

    /** @param driverFeatures what the driver has accepted, of which the back end's are told to it */
    void setFeatures(long driverFeatures) throws VhostUserException {
        channel.payload().putLong(features & (driverFeatures | mask(VHOST_USER_F_PROTOCOL_FEATURES)));
        tell(Request.SET_FEATURES);
    }

    /** Whether it keeps what is in work in memory that outlives it. */
    boolean hasInflight() {
        return has(PROTOCOL_F_INFLIGHT_SHMFD);
    }

    /**
     * Memory for the requests in work, made by the back end; with {@link #hasInflight} only.
     *
     * @return the taker's to close; empty when the back end needs none
     */
    Optional<Inflight> newInflight(int queues, int queueSize) throws VhostUserException {
        writeInflight(0, 0, queues, queueSize);
        channel.send(Request.GET_INFLIGHT_FD, 0);
        Channel.Reply reply = channel.replyWithFile(Request.GET_INFLIGHT_FD, VhostUserConstants.INFLIGHT_SIZE,
                VhostUserConstants.INFLIGHT_SIZE_PADDED);
        long size = reply.payload().getLong();
        long offset = reply.payload().getLong();
        if (size == 0) {
            reply.file().ifPresent(Fd::close);
            return Optional.empty();
        }
        Fd file = reply.file().orElseThrow(() -> VhostUserException.breach("has answered GET_INFLIGHT_FD without a file"));
        return Optional.of(new Inflight(file, size, offset, queues, queueSize));
    }

    /** Has the back end find there what is in work, and keep it there. */
    void setInflight(Inflight inflight) throws VhostUserException {
        writeInflight(inflight.size(), inflight.offset(), inflight.queues(), inflight.queueSize());
        tell(Request.SET_INFLIGHT_FD, inflight.file().value());
    }

    private void writeInflight(long size, long offset, int queues, int queueSize) {
        channel.payload().putLong(size).putLong(offset).putShort((short) queues).putShort((short) queueSize).putInt(0);
    }

    /** User addresses, which queues are told by, are the guest's: nothing of this process' address space is told. */
    void setMemory(SharedRam ram) throws VhostUserException {
        ByteBuffer payload = channel.payload().putInt(ram.regions().size()).putInt(0);
        int[] files = new int[ram.regions().size()];
        for (int i = 0; i < files.length; i++) {
            SharedRam.Region region = ram.regions().get(i);
            payload.putLong(region.gpa()).putLong(region.length()).putLong(region.gpa()).putLong(region.offset());
            files[i] = ram.file().value();
        }
        tell(Request.SET_MEM_TABLE, files);
    }

    /** Has the back end serve the queues; features, memory and what is in work are set. */
    void start(List<Ring> rings) throws VhostUserException {
        for (Ring ring : rings) {
            tellState(Request.SET_VRING_NUM, ring.index, ring.at.size());
            tellState(Request.SET_VRING_BASE, ring.index, ring.base);
            channel.payload().putInt(ring.index).putInt(0).putLong(ring.at.desc()).putLong(ring.at.device()).putLong(ring.at.driver()).putLong(0);
            tell(Request.SET_VRING_ADDR);
            tellEvent(Request.SET_VRING_ERR, ring.index, ring.error);
            tellEvent(Request.SET_VRING_CALL, ring.index, ring.call);
        }
        if (hasFeature(VHOST_USER_F_PROTOCOL_FEATURES)) {
            for (Ring ring : rings) {
                tellState(Request.SET_VRING_ENABLE, ring.index, 1);
            }
        }
        for (Ring ring : rings) { // last: a kick that is taken of a queue which is not enabled yet would be lost
            tellEvent(Request.SET_VRING_KICK, ring.index, ring.kick);
        }
        if (!has(PROTOCOL_F_REPLY_ACK)) {
            ask(Request.GET_FEATURES); // by its answer it has come to an end with the others
        }
    }

    /** Has the back end be done with a queue: what it has taken is given back, and it touches nothing of it any more. Returns the base to go on from. */
    int stop(int index) throws VhostUserException {
        channel.payload().putInt(index).putInt(0);
        channel.send(Request.GET_VRING_BASE, 0);
        ByteBuffer state = channel.reply(Request.GET_VRING_BASE, VhostUserConstants.VRING_STATE_SIZE);
        int answered = state.getInt();
        int base = state.getInt();
        if (answered != index || base < 0 || base > 0xFFFF) {
            throw VhostUserException.breach("has answered GET_VRING_BASE of queue " + index + " by queue " + Integer.toUnsignedString(answered)
                    + ", base " + Integer.toUnsignedString(base));
        }
        return base;
    }

    /** Has the back end forget the driver, where it can; its queues are stopped. */
    void reset() throws VhostUserException {
        if (has(PROTOCOL_F_RESET_DEVICE)) {
            channel.payload();
            tell(Request.RESET_DEVICE);
        }
    }

    private void tellState(Request request, int index, int number) throws VhostUserException {
        channel.payload().putInt(index).putInt(number);
        tell(request);
    }

    private void tellEvent(Request request, int index, EventFd event) throws VhostUserException {
        channel.payload().putLong(index);
        tell(request, event.fd());
    }

    @Override
    public void close() {
        requests.ifPresent(BackEndRequests::close);
        channel.close();
    }
}
