package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.NetPort;
import io.vmm4j.core.host.Passt;
import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.kvm.libc.NetInterface;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What {@link PasstTest} tests, in a process that has a network namespace to itself, with a tap nobody reads from as its way out, at an
 * address of the range for documentation. The test is the guest.
 */
final class PasstScenarios {

    private static final int HEADER = 12;
    private static final byte[] GUEST_MAC = {2, 0, 0, 0, 0, 9};
    private static final int ETHERTYPE = 12;
    private static final int IP = 14;

    private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private EpollEventLoop loop;
    private NetPort port;
    private NetBackend backend;

    /** @param args the scenario */
    public static void main(String[] args) throws Exception {
        PasstScenarios scenarios = new PasstScenarios();
        run("ip", "link", "set", "lo", "up");
        run("ip", "tuntap", "add", "out0", "mode", "tap");
        run("ip", "link", "set", "out0", "up");
        run("ip", "addr", "add", "192.0.2.7/24", "dev", "out0");
        if (!args[0].equals("routeless")) {
            run("ip", "route", "add", "default", "via", "192.0.2.1");
        }
        try {
            switch (args[0]) {
                case "probe" -> { }
                case "dhcp" -> scenarios.aGuestThatAsksIsOfferedTheHostsAddress();
                case "arp" -> scenarios.theGatewayAnswers();
                case "killed" -> scenarios.aPasstThatIsKilledIsHeardOfAndLeavesNothing();
                case "ends" -> scenarios.itEndsWithTheConnection();
                case "publish" -> scenarios.aConnectionToAPublishedPortReachesTheGuest();
                case "busy" -> scenarios.aPortThatIsTakenIsSaidWithPasstsWords();
                case "routeless" -> scenarios.aHostWithoutAWayOutIsSaid();
                case "watch" -> scenarios.itEndsWithAProcessThatIsKilledWhileItStarts();
                case "loopback" -> scenarios.theHostsLoopbackIsNotTheGuestsUnlessAllowed();
                case "tap" -> scenarios.aMadeTapIsUpWithItsAddressAndGoneOnceClosed();
                default -> throw new IllegalArgumentException(args[0]);
            }
        } finally {
            scenarios.close();
        }
        System.out.println("done");
        System.exit(0);
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), List.of(command) + ": " + said);
    }

    private void open(String... publish) throws Exception {
        open(NetworkInterfaceConfig.user("eth0", publish));
    }

    private void open(NetworkInterfaceConfig network) throws Exception {
        Problems problems = new Problems();
        port = NetPorts.open(network, "n", problems);
        problems.throwIfAny();
        loop = new EpollEventLoop("test-loop", Throwable::printStackTrace);
        backend = port.attach(loop, why -> heard.add("lost: " + why));
        loop.start();
        onLoop(() -> {
            backend.start(new NetBackend.Listener() {
                @Override
                public void readable(int pair) {
                    heard.add("readable");
                }

                @Override
                public void writable(int pair) {
                    heard.add("writable");
                }
            });
            return null;
        });
    }

    private void close() {
        if (loop != null) {
            loop.close();
        }
        if (port != null) {
            port.close();
        }
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

    private void send(ByteBuffer frame) throws Exception {
        ByteBuffer[] pieces = {ByteBuffer.allocateDirect(HEADER), frame};
        assertTrue(onLoop(() -> backend.send(0, pieces, 2)));
    }

    /** The next frame for the guest that {@code type} and {@code protocol} fit, without its header; others are passed over. */
    private ByteBuffer next(int type, int protocol) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (System.nanoTime() < end) {
            ByteBuffer frame = ByteBuffer.allocateDirect(70_000);
            int n = onLoop(() -> backend.receive(0, frame));
            if (n == 0) {
                heard.poll(1, TimeUnit.SECONDS);
                continue;
            }
            ByteBuffer data = frame.slice(HEADER, n - HEADER);
            if (data.getShort(ETHERTYPE) == (short) type && (protocol < 0 || data.get(IP + 9) == protocol)) {
                return data;
            }
        }
        throw new AssertionError("no frame of type " + type + ", protocol " + protocol);
    }

    private static ByteBuffer ethernet(int type, int length) {
        return ByteBuffer.allocateDirect(length).put(new byte[] {-1, -1, -1, -1, -1, -1}).put(GUEST_MAC).putShort((short) type);
    }

    private static int checksum(ByteBuffer header, int from, int length) {
        int sum = 0;
        for (int i = 0; i < length; i += 2) {
            sum += Short.toUnsignedInt(header.getShort(from + i));
        }
        sum = (sum & 0xFFFF) + (sum >>> 16);
        return ~(sum + (sum >>> 16)) & 0xFFFF;
    }

    private void aGuestThatAsksIsOfferedTheHostsAddress() throws Exception {
        open();
        assertEquals(65520, port.packetLimit().orElseThrow());
        int dhcp = 300;
        ByteBuffer frame = ethernet(0x0800, IP + 20 + 8 + dhcp);
        frame.put((byte) 0x45).put((byte) 0).putShort((short) (20 + 8 + dhcp)).putInt(0).put((byte) 64).put((byte) 17).putShort((short) 0)
                .putInt(0).putInt(-1);
        frame.putShort(IP + 10, (short) checksum(frame, IP, 20));
        frame.putShort((short) 68).putShort((short) 67).putShort((short) (8 + dhcp)).putShort((short) 0);
        int at = frame.position();
        frame.put((byte) 1).put((byte) 1).put((byte) 6).put((byte) 0).putInt(0x1234_5678);
        frame.position(at + 28).put(GUEST_MAC).position(at + 236).putInt(0x6382_5363).put(new byte[] {53, 1, 1, (byte) 255}).position(0);
        send(frame);
        ByteBuffer offer = next(0x0800, 17);
        int answer = IP + 20 + 8;
        assertEquals(0x1234_5678, offer.getInt(answer + 4), "the transaction");
        assertEquals(0xC000_0207, offer.getInt(answer + 16), "192.0.2.7, as the host");
        int option = answer + 240;
        while (offer.get(option) != 53) {
            option += 2 + Byte.toUnsignedInt(offer.get(option + 1));
        }
        assertEquals(2, offer.get(option + 2), "an offer");
    }

    private void theGatewayAnswers() throws Exception {
        open();
        ByteBuffer frame = ethernet(0x0806, 60);
        frame.putShort((short) 1).putShort((short) 0x0800).put((byte) 6).put((byte) 4).putShort((short) 1).put(GUEST_MAC).putInt(0xC000_0207)
                .put(new byte[6]).putInt(0xC000_0201).position(0);
        send(frame);
        ByteBuffer reply = next(0x0806, -1);
        assertEquals(2, reply.getShort(IP + 6), "a reply");
        assertEquals(0xC000_0201, reply.getInt(IP + 14));
    }

    private long passt() {
        return ProcessHandle.current().children().filter(child -> child.info().command().orElse("").contains(Passt.PROGRAM))
                .findFirst().orElseThrow().pid();
    }

    private void aPasstThatIsKilledIsHeardOfAndLeavesNothing() throws Exception {
        open();
        try (DirectoryStream<Path> left = Files.newDirectoryStream(Path.of(System.getProperty("java.io.tmpdir")), "vmm-passt-*")) {
            for (Path path : left) {
                throw new AssertionError(path + " is left");
            }
        }
        ProcessHandle.of(passt()).orElseThrow().destroyForcibly();
        String said = "";
        while (!said.startsWith("lost")) {
            said = heard.poll(20, TimeUnit.SECONDS);
            assertNotNull(said, "nothing was heard");
        }
        assertTrue(said.matches("lost: passt \\(process \\d+\\) is gone: the other side has closed the connection.*"), said);
    }

    private void itEndsWithTheConnection() throws Exception {
        open();
        ProcessHandle process = ProcessHandle.of(passt()).orElseThrow();
        loop.close();
        port.close();
        assertFalse(process.isAlive());
    }

    private void aConnectionToAPublishedPortReachesTheGuest() throws Exception {
        open("127.0.0.1:18080:80", "18081:81/tcp", "15353:53/udp");
        theGatewayAnswersToLearn();
        for (int guestPort : new int[] {80, 81}) {
            try (Socket client = new Socket()) {
                CompletableFuture.runAsync(() -> {
                    try {
                        client.connect(new InetSocketAddress("127.0.0.1", 18000 + guestPort), 20_000);
                    } catch (IOException e) {
                        heard.add("connect: " + e);
                    }
                });
                ByteBuffer syn = next(0x0800, 6);
                int tcp = IP + 4 * (syn.get(IP) & 15);
                while (Short.toUnsignedInt(syn.getShort(tcp + 2)) != guestPort) {
                    syn = next(0x0800, 6);
                }
                assertEquals(2, syn.get(tcp + 13) & 0x3F, "a SYN");
            }
        }
    }

    /** passt sends to the address that it has last seen. */
    private void theGatewayAnswersToLearn() throws Exception {
        ByteBuffer frame = ethernet(0x0806, 60);
        frame.putShort((short) 1).putShort((short) 0x0800).put((byte) 6).put((byte) 4).putShort((short) 1).put(GUEST_MAC).putInt(0xC000_0207)
                .put(new byte[6]).putInt(0xC000_0201).position(0);
        send(frame);
        next(0x0806, -1);
    }

    private static String refusal(NetworkInterfaceConfig network) throws Exception {
        Problems problems = new Problems();
        assertNull(NetPorts.open(network, "n", problems));
        assertFalse(problems.isClean("n." + network.portField()));
        try {
            problems.throwIfAny();
        } catch (Exception e) {
            return e.getMessage();
        }
        throw new AssertionError("nothing is refused");
    }

    private void aPortThatIsTakenIsSaidWithPasstsWords() throws Exception {
        open("18080:80");
        String said = refusal(NetworkInterfaceConfig.user("eth1", "18080:80"));
        assertTrue(said.contains("passt has ended with status 1: Failed to bind"), said);
        assertFalse(said.contains("\n"), said);
        assertTrue(said.contains("18080:80"), said);
    }

    /** The command of Passt, with what ends it held by a process that is killed. */
    private void itEndsWithAProcessThatIsKilledWhileItStarts() throws Exception {
        Path socket = Files.createTempDirectory("vmm-test").resolve("s");
        Field watched = Passt.class.getDeclaredField("WATCHED");
        watched.setAccessible(true);
        Process passt = new ProcessBuilder("/bin/sh", "-c", (String) watched.get(null), "passt", Passt.find().orElseThrow().toString(), "--foreground",
                "--one-off", "--quiet", "--socket", socket.toString()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        while (!Files.exists(socket)) {
            assertTrue(passt.isAlive(), "it has ended by itself");
            Thread.onSpinWait();
        }
        passt.getOutputStream().close(); // what the kernel does with the descriptors of one who is killed
        assertTrue(passt.waitFor(20, TimeUnit.SECONDS), "it is still there");
    }

    private void theHostsLoopbackIsNotTheGuestsUnlessAllowed() throws Exception {
        try (ServerSocket server = new ServerSocket(18090, 5, InetAddress.getByName("127.0.0.1"))) {
            open();
            assertFalse(reaches(server, 0xC000_0201), "by the gateway's address");
            assertFalse(reaches(server, 0x7F00_0001), "by its own");
            assertFalse(reaches(server, 0), "by 0.0.0.0");
            close();
            open(NetworkInterfaceConfig.user("eth0").withHostLoopback(true));
            assertTrue(reaches(server, 0xC000_0201), "where allowed");
        }
    }

    /** Whether a SYN of the guest's for {@code address} has the server hear of a connection, after which an ARP request has been answered. */
    private boolean reaches(ServerSocket server, int address) throws Exception {
        ByteBuffer syn = ethernet(0x0800, IP + 40);
        syn.put((byte) 0x45).put((byte) 0).putShort((short) 40).putInt(0x0001_4000).put((byte) 64).put((byte) 6).putShort((short) 0)
                .putInt(0xC000_0207).putInt(address);
        syn.putShort(IP + 10, (short) checksum(syn, IP, 20));
        syn.putShort((short) 40_000).putShort((short) server.getLocalPort()).putInt(1).putInt(0).putShort((short) 0x5002).putShort((short) 0xFFFF)
                .putInt(0).position(0);
        send(syn);
        theGatewayAnswersToLearn();
        server.setSoTimeout(200);
        try (Socket taken = server.accept()) {
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    private void aHostWithoutAWayOutIsSaid() throws Exception {
        String said = refusal(NetworkInterfaceConfig.user("eth0"));
        assertTrue(said.contains("passt has ended with status 1: No external routable interface for IPv4"), said);
    }

    private void aMadeTapIsUpWithItsAddressAndGoneOnceClosed() throws Exception {
        run("ip", "route", "add", "10.213.0.4/31", "dev", "out0");
        Problems problems = new Problems();
        NetPorts.check(NetworkInterfaceConfig.madeTap("eth0"), "n", problems);
        assertTrue(NetInterface.find("vmm0").isEmpty(), "looking makes none");
        NetPort first = NetPorts.open(NetworkInterfaceConfig.madeTap("eth0"), "n", problems);
        NetPort second = NetPorts.open(NetworkInterfaceConfig.madeTap("eth1"), "n", problems);
        problems.throwIfAny();
        assertTrue(NetInterface.find("vmm0").orElseThrow().isUp());
        Process ip = new ProcessBuilder("ip", "-o", "-4", "addr", "show").start();
        String said = new String(ip.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(said.contains("10.213.0.1/30"), said);
        assertTrue(said.contains("172.29.0.5/30"), "as the route to 10.213.0.4/31 is somebody's: " + said);
        first.close();
        assertTrue(NetInterface.find("vmm0").isEmpty());
        assertTrue(NetInterface.find("vmm1").isPresent());
        second.close();
        assertTrue(NetInterface.find("vmm1").isEmpty());
    }
}
