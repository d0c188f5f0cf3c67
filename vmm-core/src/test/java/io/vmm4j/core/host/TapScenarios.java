package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.devices.virtio.net.NetOffload;
import io.vmm4j.kvm.libc.NetInterface;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What {@link TapBackendTest} tests, in a process that has a network namespace to itself: each scenario makes a tap
 * interface with an address of the range for documentation.
 */
final class TapScenarios {

    private static final String NAME = "vmmtest-nb";
    private static final int HEADER = 12;
    private static final int ETHERNET = 14;
    private static final byte[] PEER = {2, 0, 0, 0, 0, 9};

    private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Throwable> faults = new LinkedBlockingQueue<>();
    private EpollEventLoop loop;
    private TapBackend backend;

    /** @param args the scenario */
    public static void main(String[] args) throws Exception {
        TapScenarios scenarios = new TapScenarios();
        try {
            switch (args[0]) {
                case "probe" -> scenarios.open(1);
                case "receive" -> scenarios.aFrameOfTheHostIsHeardOfAndReceivedBehindItsHeader();
                case "finished" -> scenarios.withoutOffloadsFramesComeFinished();
                case "send" -> scenarios.aFrameInPiecesReachesTheHost();
                case "down" -> scenarios.anInterfaceThatIsDownTakesNoFrameAndSaysSo();
                case "queues" -> scenarios.framesComeOnAttachedQueuesOnly();
                case "offloads" -> scenarios.checksumsAndSegmentsAreOffered();
                case "missing" -> scenarios.aTapThatDoesNotExistIsRefusedWithWhatMakesItAndIsNotMade();
                case "kind" -> scenarios.whatIsNoTapAndATapOfTooFewQueuesAreRefusedWithWhatToDo();
                case "busy" -> scenarios.aTapOfAnotherProgramIsRefusedAndLeftAlone();
                case "one" -> scenarios.aTapOfSeveralQueuesServesADeviceWithOnePair();
                case "mtu" -> scenarios.aTapSaysItsLargestPacket();
                default -> throw new IllegalArgumentException(args[0]);
            }
        } finally {
            scenarios.close();
        }
        System.out.println("done");
    }

    private TapBackend open(int queues) throws Exception {
        make(queues);
        TapInterface tap = TapInterface.open(NAME, queues);
        loop = new EpollEventLoop("test-loop", faults::add);
        backend = new TapBackend(loop, tap);
        return backend;
    }

    private static void make(int queues) throws Exception {
        List<String> words = new ArrayList<>(List.of("tuntap", "add", NAME, "mode", "tap"));
        words.addAll(queues > 1 ? List.of("multi_queue") : List.of());
        ip(words.toArray(String[]::new));
    }

    /** Gives the interface an address, and a neighbour that the kernel need not look for. */
    private void up() throws Exception {
        ip("link", "set", NAME, "up");
        ip("addr", "add", "192.0.2.1/24", "dev", NAME);
        ip("neigh", "add", "192.0.2.2", "lladdr", "02:00:00:00:00:09", "dev", NAME);
    }

    private static void ip(String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(words));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), command + ": " + said);
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
        return result.get(10, TimeUnit.SECONDS);
    }

    private void start() throws Exception {
        loop.start();
        onLoop(() -> {
            backend.start(new NetBackend.Listener() {
                @Override
                public void readable(int pair) {
                    heard.add("readable " + pair);
                }

                @Override
                public void writable(int pair) {
                    heard.add("writable " + pair);
                }
            });
            backend.setOffloads(backend.offloads());
            return null;
        });
    }

    private void awaitReadable(int pair) throws InterruptedException {
        for (String next = ""; !next.equals("readable " + pair); ) {
            next = heard.poll(10, TimeUnit.SECONDS);
            assertTrue(next != null, "the loop did not hear of the frame");
        }
    }

    /** The next frame that is UDP to port 9; what else the host's kernel has to say is passed over. */
    private ByteBuffer nextDatagram(int pair) throws Exception {
        for (int tries = 0; tries < 200; tries++) {
            ByteBuffer frame = ByteBuffer.allocateDirect(65600);
            int length = onLoop(() -> backend.receive(pair, frame));
            assertEquals(length, frame.position(), "the position moves by what was read");
            if (length == 0) {
                awaitReadable(pair);
            } else if (frame.getShort(HEADER + 12) == 0x0800 && frame.get(HEADER + ETHERNET + 9) == 17) {
                return frame.flip();
            }
        }
        throw new AssertionError("no datagram came");
    }

    private static void sendDatagram(int length) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.send(new DatagramPacket(new byte[length], length, InetAddress.getByName("192.0.2.2"), 9));
        }
    }

    private static long received() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/net/dev")).stream().map(String::strip).filter(line -> line.startsWith(NAME))
                .mapToLong(line -> Long.parseLong(line.split("[:\\s]+")[1])).findFirst().orElseThrow();
    }

    private void close() {
        if (loop != null) {
            loop.close();
            backend.close();
        }
        assertTrue(faults.isEmpty(), faults::toString);
    }

    private void aFrameOfTheHostIsHeardOfAndReceivedBehindItsHeader() throws Exception {
        open(1);
        up();
        start();
        sendDatagram(100);
        ByteBuffer frame = nextDatagram(0);
        assertEquals(HEADER + ETHERNET + 20 + 8 + 100, frame.limit());
        byte[] destination = new byte[6];
        frame.get(HEADER, destination);
        assertEquals(ByteBuffer.wrap(PEER), ByteBuffer.wrap(destination));
        assertEquals(1, frame.get(0) & 1, "with CSUM accepted, the checksum is left to the guest");
    }

    private void withoutOffloadsFramesComeFinished() throws Exception {
        open(1);
        up();
        start();
        onLoop(() -> {
            backend.setOffloads(Set.of());
            return null;
        });
        sendDatagram(100);
        assertEquals(0, nextDatagram(0).get(0) & 1);
    }

    private void aFrameInPiecesReachesTheHost() throws Exception {
        open(1);
        up();
        start();
        long before = received();
        ByteBuffer[] pieces = {ByteBuffer.allocateDirect(HEADER), ByteBuffer.allocateDirect(ETHERNET), ByteBuffer.allocateDirect(64).position(4)};
        pieces[1].putShort(12, (short) 0x88b5);
        assertTrue(onLoop(() -> backend.send(0, pieces, 3)));
        assertEquals(before + ETHERNET + 60, received());
        assertEquals(4, pieces[2].position(), "positions stay");
    }

    private void anInterfaceThatIsDownTakesNoFrameAndSaysSo() throws Exception {
        open(1);
        start();
        ByteBuffer[] pieces = {ByteBuffer.allocateDirect(HEADER), ByteBuffer.allocateDirect(60)};
        Throwable cause = assertThrows(Exception.class, () -> onLoop(() -> backend.send(0, pieces, 2))).getCause();
        assertTrue(cause instanceof IOException, cause::toString);
    }

    private void framesComeOnAttachedQueuesOnly() throws Exception {
        open(3);
        assertEquals(3, backend.queuePairs());
        up();
        start();
        for (int active : new int[] {1, 3, 2, 1}) {
            onLoop(() -> {
                backend.setActivePairs(active);
                return null;
            });
            for (int flow = 0; flow < 16; flow++) {
                sendDatagram(50);
            }
            int found = 0;
            for (int pair = 0; pair < active; pair++) {
                int each = pair;
                ByteBuffer frame = ByteBuffer.allocateDirect(65600);
                while (onLoop(() -> backend.receive(each, frame.clear())) > 0) {
                    found += frame.getShort(HEADER + 12) == 0x0800 && frame.get(HEADER + ETHERNET + 9) == 17 ? 1 : 0;
                }
            }
            assertEquals(16, found, "with " + active + " queues");
        }
    }

    private void checksumsAndSegmentsAreOffered() throws Exception {
        open(1);
        assertTrue(backend.offloads().containsAll(Set.of(NetOffload.CSUM, NetOffload.TSO4, NetOffload.TSO6, NetOffload.ECN)),
                backend.offloads()::toString);
        assertTrue(!backend.offloads().contains(NetOffload.UFO), "the kernel has none");
    }

    private static String refusal(String name, int queues) {
        return assertThrows(IOException.class, () -> TapInterface.open(name, queues)).getMessage();
    }

    private void aTapThatDoesNotExistIsRefusedWithWhatMakesItAndIsNotMade() throws Exception {
        assertEquals("tap tpa0 does not exist in this network namespace: as root, `ip tuntap add tpa0 mode tap user $USER` makes it",
                refusal("tpa0", 1));
        assertEquals("tap tpa0 does not exist in this network namespace: as root, `ip tuntap add tpa0 mode tap multi_queue user $USER` makes it",
                refusal("tpa0", 2));
        refusal("tap%d", 1);
        refusal("a-name-that-is-too-long", 1);
        assertEquals(List.of("lo"), Files.readAllLines(Path.of("/proc/self/net/dev")).stream().skip(2)
                .map(line -> line.strip().split(":")[0]).filter(name -> !name.matches("(tunl|gre|gretap|erspan|ip_vti|ip6_vti|sit|ip6tnl|ip6gre)0")).toList());
    }

    private void whatIsNoTapAndATapOfTooFewQueuesAreRefusedWithWhatToDo() throws Exception {
        ip("tuntap", "add", "tun7", "mode", "tun");
        ip("link", "add", "v7", "type", "veth", "peer", "name", "v8");
        make(1);
        assertEquals("interface lo is the loopback, not a tap: as root, `ip tuntap add NAME mode tap user $USER` makes one", refusal("lo", 1));
        assertEquals("interface tun7 is a tun interface, not a tap: as root, `ip tuntap add NAME mode tap user $USER` makes one", refusal("tun7", 1));
        assertTrue(refusal("v7", 1).startsWith("interface v7 is a veth interface, not a tap: "), refusal("v7", 1));
        assertEquals("tap " + NAME + " has one queue, not 3: make it anew with `ip tuntap add " + NAME + " mode tap multi_queue user $USER`",
                refusal(NAME, 3));
    }

    private void aTapOfAnotherProgramIsRefusedAndLeftAlone() throws Exception {
        open(2);
        assertEquals("tap " + NAME + " is in use: another program is attached to it", refusal(NAME, 2));
        assertEquals("tap " + NAME + " is in use: another program is attached to it", refusal(NAME, 1));
        assertEquals(2, NetInterface.find(NAME).orElseThrow().queues());
        backend.close();
        ip("link", "del", NAME);
        open(1);
        String busy = refusal(NAME, 1);
        assertTrue(busy.contains("another program is attached"), busy);
    }

    private void aTapOfSeveralQueuesServesADeviceWithOnePair() throws Exception {
        make(2);
        TapInterface tap = TapInterface.open(NAME, 1);
        loop = new EpollEventLoop("test-loop", faults::add);
        backend = new TapBackend(loop, tap);
        assertEquals(1, backend.queuePairs());
        up();
        start();
        sendDatagram(100);
        assertEquals(HEADER + ETHERNET + 20 + 8 + 100, nextDatagram(0).limit());
    }

    private void aTapSaysItsLargestPacket() throws Exception {
        make(1);
        ip("link", "set", NAME, "mtu", "1280");
        try (TapInterface tap = TapInterface.open(NAME, 1)) {
            assertEquals(1280, tap.mtu());
        }
    }
}
