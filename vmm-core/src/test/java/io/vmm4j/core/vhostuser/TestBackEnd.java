package io.vmm4j.core.vhostuser;

import io.vmm4j.devices.memory.BufferGuestMemory;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.MemoryRegion;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.QueueAddresses;
import io.vmm4j.devices.virtio.queue.StoppableQueue;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Mapping;
import io.vmm4j.kvm.libc.MemFd;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A back end with a disk in memory, on a thread of its own: by the protocol, with the guest's real memory, unless its {@link Manners} say otherwise.
 * Message numbers are written out a second time here.
 */
final class TestBackEnd implements AutoCloseable {

    static final long VERSION_1 = 1L << 32;
    static final long PROTOCOL_FEATURES = 1L << 30;
    static final long EVENT_IDX = 1L << 29;
    static final long BLK_FLUSH = 1 << 9;
    static final long BLK_MQ = 1 << 12;
    static final long WCE = 1 << 11;
    /** MQ, REPLY_ACK, BACKEND_REQ, CONFIG, RESET_DEVICE. */
    static final long PROTOCOL = 1 | 1 << 3 | 1 << 5 | 1 << 9 | 1 << 13;
    static final long INFLIGHT = 1 << 12;

    /** What it does in place of what the protocol says: true when it has done with the message. */
    @FunctionalInterface
    interface Manners {
        boolean handle(TestBackEnd backEnd, int request, ByteBuffer payload) throws IOException;
    }

    private static final class Ring {
        private int size;
        private int base;
        private QueueAddresses at;
        private Fd kick;
        private Fd call;
        private boolean isEnabled;
        private StoppableQueue queue;
    }

    final byte[] disk = new byte[1 << 16];
    final byte[] config = new byte[60];
    /** Requests seen, by number. */
    final BlockingQueue<Integer> seen = new LinkedBlockingQueue<>();
    final BlockingQueue<String> notes = new LinkedBlockingQueue<>();
    volatile long features = VERSION_1 | PROTOCOL_FEATURES | EVENT_IDX | BLK_FLUSH | BLK_MQ;
    volatile long protocolFeatures = PROTOCOL;
    volatile long queueLimit = 4;
    volatile Manners manners = (backEnd, request, payload) -> false;
    /** Takes requests and does not answer them. */
    volatile boolean isIdle;
    /** Connections made. */
    volatile int connections;

    private final Path path;
    private final UnixSocket listening;
    private final Thread thread;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile boolean isClosing;
    private volatile boolean isDropped;
    private UnixSocket peer;
    private Fd requests;
    private Fd error;
    private Mapping mapping;
    private GuestMemory memory;
    private long accepted;
    private long acceptedProtocol;
    private final List<Ring> rings = new ArrayList<>();

    TestBackEnd(Path path) throws IOException {
        this.path = path;
        listening = UnixSocket.listen(path.toString(), 1);
        setCapacity(disk.length / 512);
        thread = new Thread(this::run, "test back end");
        thread.setDaemon(true);
    }

    TestBackEnd start() {
        thread.start();
        return this;
    }

    void setCapacity(long sectors) {
        ByteBuffer.wrap(config).order(ByteOrder.LITTLE_ENDIAN).putLong(0, sectors);
    }

    /** Closes the connection and takes the next one. */
    void drop() {
        isDropped = true;
    }

    private void run() {
        try {
            while (!isClosing) {
                if (listening.poll(Fd.POLLIN, 5) != 0) {
                    peer = listening.accept();
                    connections++;
                    isDropped = false;
                    try {
                        serve();
                    } catch (LinuxException e) {
                        notes.add(e.getMessage()); // the other side has gone
                    }
                    end();
                }
            }
        } catch (Throwable e) {
            failure.set(e);
        }
    }

    private void serve() throws Exception {
        while (!isClosing && !isDropped) {
            if (peer.poll(Fd.POLLIN, 2) != 0 && !handle()) {
                return;
            }
            for (Ring ring : rings) {
                if (ring.kick != null && ring.isEnabled && ring.kick.poll(Fd.POLLIN, 0) != 0) {
                    take(ring.kick);
                    serve(ring);
                }
            }
        }
    }

    private static void take(Fd eventFd) throws LinuxException {
        ByteBuffer count = ByteBuffer.allocateDirect(8);
        eventFd.read(LibC.address(count), 8);
    }

    private void serve(Ring ring) throws Exception {
        if (ring.queue == null) {
            ring.queue = StoppableQueue.open(memory, ring.at, 1024, accepted);
            ring.queue.restoreState(State.builder().put("nextAvail", ring.base).put("nextUsed", memory.readU16(ring.at.device() + 2))
                    .put("unsignalled", 0).build());
        }
        do {
            for (DescriptorChain chain = ring.queue.poll(); chain != null; chain = ring.queue.poll()) {
                notes.add("taken");
                if (!isIdle) {
                    ring.queue.pushUsed(chain, carryOut(chain));
                }
            }
            if (ring.queue.needsInterrupt()) {
                signal(ring.call);
            }
        } while (ring.queue.enableNotifications());
    }

    private long carryOut(DescriptorChain chain) {
        ByteBuffer request = ByteBuffer.allocate((int) chain.readableLength()).order(ByteOrder.LITTLE_ENDIAN);
        ChainCopy.read(chain, request);
        int type = request.getInt(0);
        int at = (int) request.getLong(8) * 512;
        ByteBuffer answer = ByteBuffer.allocate((int) chain.writableLength());
        if (type == 0) {
            answer.put(0, disk, at, answer.capacity() - 1);
        } else if (type == 1) {
            request.get(16, disk, at, request.capacity() - 16);
        }
        return ChainCopy.write(chain, answer);
    }

    static void signal(Fd eventFd) throws LinuxException {
        ByteBuffer one = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder()).putLong(0, 1);
        eventFd.write(LibC.address(one), 8);
    }

    private boolean handle() throws Exception {
        ByteBuffer header = ByteBuffer.allocateDirect(12).order(ByteOrder.LITTLE_ENDIAN);
        UnixSocket.Received received = peer.receiveWithDescriptor(header);
        if (received.count() <= 0) {
            return false;
        }
        while (header.hasRemaining()) {
            peer.receive(header);
        }
        ByteBuffer payload = ByteBuffer.allocateDirect(header.getInt(8)).order(ByteOrder.LITTLE_ENDIAN);
        while (payload.hasRemaining()) {
            if (peer.receive(payload) == 0) {
                return false;
            }
        }
        int request = header.getInt(0);
        seen.add(request);
        if (!manners.handle(this, request, payload.flip())) {
            boolean isAnswered = answer(request, payload.rewind(), received.descriptor().orElse(null));
            if (!isAnswered && (header.getInt(4) & 8) != 0) {
                reply(request, 0);
            }
        }
        return true;
    }

    private boolean answer(int request, ByteBuffer payload, Fd file) throws Exception {
        switch (request) {
            case 1 -> reply(request, features);
            case 2 -> accepted = payload.getLong();
            case 5 -> map(payload, file);
            case 8 -> ring(payload.getInt()).size = payload.getInt();
            case 9 -> setAddresses(payload);
            case 10 -> ring(payload.getInt()).base = payload.getInt();
            case 11 -> stop(payload.getInt());
            case 12 -> ring((int) payload.getLong()).kick = file;
            case 13 -> ring((int) payload.getLong()).call = file;
            case 14 -> keepError(file);
            case 15 -> reply(request, protocolFeatures);
            case 16 -> acceptedProtocol = payload.getLong();
            case 17 -> reply(request, queueLimit);
            case 18 -> ring(payload.getInt()).isEnabled = payload.getInt() == 1;
            case 21 -> requests = file;
            case 24 -> send(request, 5, ByteBuffer.allocate(12 + payload.getInt(4)).order(ByteOrder.LITTLE_ENDIAN).putInt(0)
                    .putInt(payload.getInt(4)).putInt(0).put(config, 0, payload.getInt(4)).flip());
            case 25 -> {
                config[payload.getInt(0)] = payload.get(12);
                notes.add("config " + payload.getInt(0) + "=" + payload.get(12));
            }
            case 31 -> giveInflight(payload);
            case 32 -> lookAtInflight(file);
            default -> { }
        }
        return request == 1 || request == 11 || request == 15 || request == 17 || request == 24 || request == 31;
    }

    private void giveInflight(ByteBuffer payload) throws Exception {
        try (MemFd memory = MemFd.create("inflight", 4096, 0)) {
            ByteBuffer reply = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN).putLong(4096).putLong(0).putShort(payload.getShort(16))
                    .putShort(payload.getShort(18)).putInt(0).flip();
            send(31, 5, reply, memory.fd().value());
        }
    }

    private void lookAtInflight(Fd file) throws Exception {
        try (file; Mapping memory = Mapping.shared(file.value(), 4096)) {
            ByteBuffer bytes = memory.buffer(0, 4096);
            notes.add("inflight " + bytes.get(0));
            bytes.put(0, (byte) (bytes.get(0) + 1));
        }
    }

    private void setAddresses(ByteBuffer payload) {
        Ring ring = ring(payload.getInt(0));
        ring.at = new QueueAddresses(ring.size, payload.getLong(8), payload.getLong(24), payload.getLong(16));
    }

    private void stop(int index) throws Exception {
        Ring ring = ring(index);
        int base = ring.queue == null ? ring.base : ring.queue.saveState().int32("nextAvail", 0, 0xFFFF);
        closeRing(ring);
        rings.set(index, new Ring());
        send(11, 5, ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(index).putInt(base).flip());
    }

    private Ring ring(int index) {
        while (rings.size() <= index) {
            rings.add(new Ring());
        }
        return rings.get(index);
    }

    /** User addresses are what queues are told by, so memory is laid out by them here. */
    private void map(ByteBuffer payload, Fd file) throws IOException {
        int count = payload.getInt(0);
        List<MemoryRegion> regions = new ArrayList<>();
        long end = 0;
        for (int i = 0; i < count; i++) {
            end = Math.max(end, payload.getLong(8 + 32 * i + 24) + payload.getLong(8 + 32 * i + 8));
        }
        unmap();
        mapping = Mapping.shared(file.value(), end);
        file.close();
        for (int i = 0; i < count; i++) {
            int at = 8 + 32 * i;
            regions.add(MemoryRegion.of(payload.getLong(at + 16), mapping.buffer(payload.getLong(at + 24), payload.getLong(at + 8))));
        }
        memory = new BufferGuestMemory(regions);
    }

    private void unmap() {
        if (mapping != null) {
            mapping.close();
            mapping = null;
        }
    }

    private void keepError(Fd file) {
        if (error != null) {
            error.close();
        }
        error = file;
    }

    /** Says that a queue has an error. */
    void signalError() throws IOException {
        signal(error);
    }

    /** The begin of a message of which nothing else follows. */
    void sendHeader(int request, int flags, int size) throws IOException {
        peer.send(ByteBuffer.allocateDirect(12).order(ByteOrder.LITTLE_ENDIAN).putInt(request).putInt(flags).putInt(size).flip());
    }

    /** Says of its own accord that the configuration space has changed. */
    void tellConfigChange() throws IOException {
        ask(2, 0);
    }

    /** As {@link #tellConfigChange}, and waits until the other side has taken note of it. */
    void tellConfigChangeAndWait() throws IOException {
        ask(2, 1 | 8, 0);
        if (requests.poll(Fd.POLLIN, 30_000) == 0) {
            throw new IOException("the change is not answered");
        }
    }

    /** A request of its own accord. */
    void ask(int request, int size) throws IOException {
        ask(request, 1, size);
    }

    private void ask(int request, int flags, int size) throws IOException {
        ByteBuffer message = ByteBuffer.allocateDirect(12).order(ByteOrder.LITTLE_ENDIAN).putInt(request).putInt(flags).putInt(size).flip();
        requests.write(LibC.address(message), message.remaining());
    }

    void reply(int request, long value) throws IOException {
        send(request, 5, ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).flip());
    }

    void send(int request, int flags, ByteBuffer payload, int... files) throws IOException {
        ByteBuffer message = ByteBuffer.allocateDirect(12 + payload.remaining()).order(ByteOrder.LITTLE_ENDIAN);
        message.putInt(request).putInt(flags).putInt(payload.remaining()).put(payload).flip();
        if (files.length == 0) {
            peer.send(message);
        } else {
            peer.send(message, files);
        }
    }

    private void closeRing(Ring ring) {
        if (ring.kick != null) {
            ring.kick.close();
        }
        if (ring.call != null) {
            ring.call.close();
        }
        ring.kick = null;
        ring.call = null;
    }

    private void end() {
        rings.forEach(this::closeRing);
        rings.clear();
        keepError(null);
        unmap();
        peer.close();
        if (requests != null) {
            requests.close();
            requests = null;
        }
    }

    long accepted() {
        return accepted;
    }

    @Override
    public void close() throws IOException {
        isClosing = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        listening.close();
        Files.deleteIfExists(path);
        if (failure.get() != null) {
            throw new IllegalStateException("the back end failed", failure.get());
        }
    }
}
