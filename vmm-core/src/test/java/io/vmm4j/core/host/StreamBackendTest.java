package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.IoVec;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The port on a stream socket, with the test at the other end. */
@Timeout(60)
class StreamBackendTest {

    private static final int HEADER = 12;
    private static final int LARGEST = 69_632;

    private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Throwable> faults = new LinkedBlockingQueue<>();
    private final NetBackend.Listener listener = new NetBackend.Listener() {
        @Override
        public void readable(int pair) {
            heard.add("readable");
        }

        @Override
        public void writable(int pair) {
            heard.add("writable");
        }
    };
    private EpollEventLoop loop;
    private UnixSocket peer;
    private StreamPort port;
    private NetBackend backend;

    @BeforeEach
    void connect() throws Exception {
        List<UnixSocket> pair = UnixSocket.pair();
        peer = pair.get(0);
        port = StreamPort.on(pair.get(1));
        loop = new EpollEventLoop("test-loop", faults::add);
        backend = port.attach(loop, why -> heard.add("lost: " + why));
        loop.start();
        onLoop(() -> {
            backend.start(listener);
            return null;
        });
    }

    @AfterEach
    void close() {
        loop.close();
        port.close();
        port.close();
        peer.close();
        assertNull(faults.poll());
    }

    private <T> T onLoop(Callable<T> work) throws Exception {
        CompletableFuture<T> result = new CompletableFuture<>();
        loop.execute(() -> {
            try {
                result.complete(work.call());
            } catch (Exception e) {
                result.completeExceptionally(e);
            }
        });
        return result.get(20, TimeUnit.SECONDS);
    }

    private void await(String what) throws InterruptedException {
        String said;
        do {
            said = heard.poll(20, TimeUnit.SECONDS);
            assertTrue(said != null, what + " was not heard");
        } while (!said.startsWith(what));
    }

    private static byte[] bytes(int length, int seed) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (seed + i * 31);
        }
        return bytes;
    }

    private static byte[] wire(byte[]... frames) {
        int total = 0;
        for (byte[] frame : frames) {
            total += 4 + frame.length;
        }
        ByteBuffer wire = ByteBuffer.allocate(total);
        for (byte[] frame : frames) {
            wire.putInt(frame.length).put(frame);
        }
        return wire.array();
    }

    private void peerSends(byte[] data) throws IOException {
        ByteBuffer out = ByteBuffer.allocateDirect(data.length).put(data).flip();
        while (out.hasRemaining()) {
            if (peer.send(out) == UnixSocket.WOULD_BLOCK) {
                peer.poll(Fd.POLLOUT, 1000);
            }
        }
    }

    private byte[] peerReceives(int length) throws IOException {
        ByteBuffer in = ByteBuffer.allocateDirect(length);
        while (in.hasRemaining()) {
            int n = peer.receive(in);
            assertTrue(n != 0, "the stream has ended");
            if (n == UnixSocket.WOULD_BLOCK) {
                assertTrue(peer.poll(Fd.POLLIN, 20_000) != 0, in.position() + " bytes of " + length + " have come");
            }
        }
        byte[] data = new byte[length];
        in.flip().get(data);
        return data;
    }

    /** What the device gets, or null for nothing now. */
    private byte[] receive() throws Exception {
        ByteBuffer frame = ByteBuffer.allocateDirect(LARGEST + 100).order(ByteOrder.LITTLE_ENDIAN);
        int n = onLoop(() -> backend.receive(0, frame));
        assertEquals(n, frame.position());
        if (n == 0) {
            return null;
        }
        assertEquals(0L, frame.getLong(0), "no offload is asked for");
        assertEquals(1, frame.getShort(10), "num_buffers, virtio 1.2 section 5.1.6.4");
        byte[] data = new byte[n - HEADER];
        frame.get(HEADER, data);
        return data;
    }

    private static ByteBuffer[] pieces(byte[] frame, int... cuts) {
        List<ByteBuffer> pieces = new ArrayList<>();
        pieces.add(ByteBuffer.allocateDirect(HEADER));
        int from = 0;
        for (int i = 0; i <= cuts.length; i++) {
            int to = i < cuts.length ? cuts[i] : frame.length;
            // Something before and behind that is not part of it.
            pieces.add(ByteBuffer.allocateDirect(to - from + 10).position(5).put(frame, from, to - from).flip().position(5));
            from = to;
        }
        return pieces.toArray(ByteBuffer[]::new);
    }

    private boolean send(ByteBuffer... pieces) throws Exception {
        return onLoop(() -> backend.send(0, pieces, pieces.length));
    }

    @Test
    void manyFramesAtOnceComeOneByOneAndThenNothing() throws Exception {
        byte[][] frames = {bytes(60, 1), bytes(1514, 2), bytes(LARGEST, 3), bytes(14, 4), bytes(1, 5)};
        peerSends(wire(frames));
        await("readable");
        for (byte[] frame : frames) {
            assertArrayEquals(frame, receive());
        }
        assertNull(receive());
        heard.clear();
        peerSends(wire(bytes(70, 6)));
        await("readable");
        assertArrayEquals(bytes(70, 6), receive());
    }

    @Test
    void aFrameInManyFragmentsComesOnceItIsWholeAlsoWhenItsLengthIsCut() throws Exception {
        byte[] wire = wire(bytes(100, 7), bytes(200, 8));
        for (int i = 0; i < wire.length; i++) {
            peerSends(new byte[] {wire[i]});
            await("readable");
            byte[] got = receive();
            assertArrayEquals(i == 103 ? bytes(100, 7) : i == 307 ? bytes(200, 8) : null, got, "after " + i + " bytes and one");
        }
    }

    @Test
    void framesKeepTheirOrderAcrossTheEndOfTheBuffer() throws Exception {
        CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
            try {
                for (int i = 0; i < 300; i++) {
                    peerSends(wire(bytes(1 + i * 977 % LARGEST, i)));
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        for (int i = 0; i < 300; i++) {
            byte[] frame = receive();
            while (frame == null) {
                await("readable");
                frame = receive();
            }
            assertArrayEquals(bytes(1 + i * 977 % LARGEST, i), frame, "frame " + i);
        }
        sending.get(10, TimeUnit.SECONDS);
    }

    @Test
    void aFrameIsCutToTheRoomThereIsAndTheNextIsWhole() throws Exception {
        peerSends(wire(bytes(500, 1), bytes(50, 2)));
        ByteBuffer small = ByteBuffer.allocateDirect(100);
        await("readable");
        assertEquals(100, onLoop(() -> backend.receive(0, small)));
        assertArrayEquals(bytes(50, 2), receive());
    }

    @Test
    void aFrameInPiecesGoesOutBehindItsLengthWithoutTheHeader() throws Exception {
        byte[] frame = bytes(1000, 9);
        assertTrue(send(pieces(frame, 14, 14, 600)));
        assertArrayEquals(wire(frame), peerReceives(1004));
        // The header in one piece with the frame, and in two.
        ByteBuffer whole = ByteBuffer.allocateDirect(HEADER + 1000).put(new byte[HEADER]).put(frame).flip();
        assertTrue(send(whole));
        assertArrayEquals(wire(frame), peerReceives(1004));
        assertTrue(send(whole.slice(0, 7), whole.slice(7, 1005)));
        assertArrayEquals(wire(frame), peerReceives(1004));
        assertEquals(0, whole.position(), "the pieces are the device's");
    }

    @Test
    void aFullSocketRefusesFramesThatAreSentOnceThereIsRoomAndLosesNone() throws Exception {
        int taken = 0;
        while (send(pieces(bytes(20_000 + taken, taken), 5000))) {
            taken++;
        }
        assertTrue(taken > 1, "some fit");
        ByteBuffer[] refused = pieces(bytes(123, 99), 50);
        assertFalse(send(refused));
        assertEquals(12, refused[0].remaining(), "nothing was taken of it");
        heard.clear();
        for (int i = 0; i < taken; i++) {
            assertArrayEquals(wire(bytes(20_000 + i, i)), peerReceives(20_004 + i), "frame " + i);
        }
        await("writable");
        assertTrue(send(refused));
        assertArrayEquals(wire(bytes(123, 99)), peerReceives(127));
    }

    @Test
    void whatIsLeftOfAFrameGoesOutThoughTheDriverIsGone() throws Exception {
        int taken = 0;
        while (send(pieces(bytes(50_000, taken)))) {
            taken++;
        }
        onLoop(() -> {
            backend.stop();
            return null;
        });
        for (int i = 0; i < taken; i++) {
            assertArrayEquals(wire(bytes(50_000, i)), peerReceives(50_004), "frame " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, LARGEST + 1, -1, Integer.MIN_VALUE})
    void aLengthThatNoFrameHasEndsTheConnection(int length) throws Exception {
        peerSends(wire(bytes(60, 1)));
        peerSends(ByteBuffer.allocate(8).putInt(length).putInt(7).array());
        await("readable");
        assertArrayEquals(bytes(60, 1), receive());
        assertNull(receive());
        await("lost: the other side has sent a frame of " + Integer.toUnsignedLong(length) + " bytes, which is not in 1..69632");
        assertNull(receive());
        assertTrue(assertThrows(Exception.class, () -> send(pieces(bytes(60, 1)))).getMessage().contains("the connection has ended"));
        assertEquals(0, peer.receive(ByteBuffer.allocateDirect(1)), "the other side hears of it");
    }

    @Test
    void deathInTheMiddleOfAFrameIsHeardOnceBehindTheFramesBeforeIt() throws Exception {
        peerSends(wire(bytes(60, 1)));
        await("readable");
        assertArrayEquals(bytes(60, 1), receive());
        peerSends(new byte[] {0, 0, 1, 0, 5, 6});
        peer.close();
        await("lost: the other side has closed the connection");
        assertNull(receive());
        loop.execute(() -> { });
        onLoop(() -> null);
        assertFalse(heard.stream().anyMatch(said -> said.startsWith("lost")), "once");
    }

    @Test
    void aDeviceThatWaitsForRoomIsWokenByTheDeathOfTheOtherSide() throws Exception {
        while (send(pieces(bytes(30_000, 0)))) {
            assertNull(faults.poll());
        }
        heard.clear();
        peer.close();
        await("lost");
        await("writable");
    }

    @Test
    void deathIsHeardWithoutADriver() throws Exception {
        onLoop(() -> {
            backend.stop();
            return null;
        });
        peer.close();
        await("lost");
    }

    @Test
    void aFrameThatTheHostHasNoMemoryForIsDroppedAndTheConnectionStays() throws Exception {
        List<UnixSocket> pair = UnixSocket.pair();
        AtomicInteger refusals = new AtomicInteger(1);
        try (UnixSocket near = pair.get(0); UnixSocket far = pair.get(1); EpollEventLoop own = new EpollEventLoop("test-own", faults::add)) {
            StreamBackend poor = new StreamBackend(own, near, new StreamBackend.Sender() {
                @Override
                public int send(ByteBuffer source) throws LinuxException {
                    return near.send(source);
                }

                @Override
                public int send(IoVec vector) throws LinuxException {
                    if (refusals.getAndDecrement() > 0) {
                        throw new LinuxException("sendmsg", Errno.ENOBUFS);
                    }
                    return near.send(vector);
                }
            }, head -> true, why -> heard.add("lost: " + why));
            ByteBuffer[] first = pieces(bytes(60, 1));
            assertThrows(LinuxException.class, () -> poor.send(0, first, 2));
            assertTrue(poor.send(0, pieces(bytes(70, 2)), 2));
            ByteBuffer got = ByteBuffer.allocateDirect(100);
            assertEquals(74, far.receive(got));
            assertEquals(70, got.getInt(0));
            assertFalse(heard.stream().anyMatch(said -> said.startsWith("lost")));
        }
    }

    @Test
    void whatAGuardLetsThroughIsWhatGoesOutWhateverTheGuestWritesMeanwhile() throws Exception {
        List<UnixSocket> pair = UnixSocket.pair();
        ByteBuffer[] pieces = pieces(bytes(200, 1), 20);
        try (UnixSocket near = pair.get(0); UnixSocket far = pair.get(1); EpollEventLoop own = new EpollEventLoop("test-own", faults::add)) {
            StreamPort guarded = StreamPort.on(near);
            NetBackend out = guarded.attach(own, head -> {
                assertEquals(54, head.remaining());
                pieces[1].put(pieces[1].position() + 3, (byte) 99);
                pieces[2].put(pieces[2].position() + 3, (byte) 99);
                return head.get(head.position()) == 1;
            }, heard::add);
            assertTrue(out.send(0, pieces, 3));
            ByteBuffer got = ByteBuffer.allocateDirect(300);
            assertEquals(204, far.receive(got));
            byte[] frame = new byte[200];
            got.position(4).get(frame);
            assertArrayEquals(bytes(200, 1), frame);
            assertTrue(out.send(0, pieces(bytes(200, 2), 20), 3), "one that may not pass is taken");
            assertEquals(UnixSocket.WOULD_BLOCK, far.receive(got), "and goes nowhere");
        }
    }

    @Test
    void itHasOnePairAndNoOffloads() {
        assertEquals(1, backend.queuePairs());
        assertTrue(backend.offloads().isEmpty());
        assertTrue(port.packetLimit().isEmpty());
    }
}
