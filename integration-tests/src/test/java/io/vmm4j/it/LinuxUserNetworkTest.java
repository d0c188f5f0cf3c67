package io.vmm4j.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.event.VmEvent;
import io.vmm4j.core.host.Passt;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Debian's virtio_net by passt. The gateway is this host's loopback, as passt has it. */
@Tag("linux")
class LinuxUserNetworkTest {

    private static final long MIB = 1 << 20;
    private static final String NOWHERE = "172.31.7.9";
    private static final int UDP_PORT = 5003;

    @BeforeAll
    static void needsPasst() {
        assumeTrue(Passt.find().isPresent(), "passt is not installed (apt install passt)");
    }

    /**
     * The host's way out, which passt takes: its own, or a tap that leads nowhere.
     *
     * @param tap     {@code null} when the host has one
     * @param gateway the next hop
     * @param address the host's on it, with its prefix length
     */
    private record WayOut(HostTap tap, String gateway, String address) implements AutoCloseable {

        static WayOut find() throws Exception {
            String[] route = ip("-4", "route", "show", "default").split("\\s+");
            if (route.length > 4 && route[1].equals("via")) {
                return new WayOut(null, route[2], ip("-4", "-o", "addr", "show", "dev", route[4]).split("\\s+")[3]);
            }
            HostTap tap = new HostTap("vmmout0");
            ip("route", "add", "default", "via", NOWHERE, "dev", tap.name());
            return new WayOut(tap, NOWHERE, HostTap.HOST + "/24");
        }

        private static String ip(String... words) throws Exception {
            List<String> command = new ArrayList<>(List.of("ip"));
            command.addAll(List.of(words));
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), UTF_8);
            assertEquals(0, process.waitFor(), command + ": " + said);
            return said;
        }

        @Override
        public void close() throws IOException, InterruptedException {
            if (tap != null) {
                tap.close();
            }
        }
    }

    private static CompletableFuture<String> echoOneDatagram(DatagramSocket socket) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                DatagramPacket packet = new DatagramPacket(new byte[2000], 2000);
                socket.receive(packet);
                socket.send(packet);
                return new String(packet.getData(), 0, packet.getLength(), UTF_8).strip();
            } catch (IOException e) {
                return e.toString();
            }
        });
    }

    @Test
    void aGuestWithAnAddressByDhcpSendsAndReceivesAndHearsOfTheEndOfPasst() throws Exception {
        try (WayOut out = WayOut.find()) {
            check(out);
        }
    }

    private static void check(WayOut out) throws Exception {
        String script = """
                printf '#!/bin/sh\\n[ "$1" = bound ] || exit 0\\nip addr add $ip/$mask dev $interface\\nip route add default via $router\\n' >/tmp/lease
                chmod +x /tmp/lease
                ip link set lo up; ip link set eth0 up
                udhcpc -i eth0 -n -q -s /tmp/lease >/dev/null 2>&1
                ip -4 -o addr show dev eth0 | sed 's/.*inet \\([0-9./]*\\).*/\\1/'
                cat /sys/class/net/eth0/mtu
                dd if=/dev/urandom of=/tmp/a bs=1M count=4 2>/dev/null
                cat /tmp/a /tmp/a /tmp/a /tmp/a | md5sum
                cat /tmp/a /tmp/a /tmp/a /tmp/a | socat -u -b 65536 - TCP:GATEWAY:RECEIVE
                socat -u -b 65536 TCP:GATEWAY:SEND - | md5sum
                echo ping-by-udp | socat -t 5 - UDP:GATEWAY:5003
                echo listening
                echo from-the-guest | socat -t 5 - TCP-LISTEN:80
                echo kill-it
                until [ $(cat /sys/class/net/eth0/carrier) = 0 ]; do sleep 1; done
                echo down
                """.replace("GATEWAY", out.gateway()).replace("RECEIVE", "" + TcpPeer.RECEIVE_PORT).replace("SEND", "" + TcpPeer.SEND_PORT);
        CompletableFuture<String> published = new CompletableFuture<>();
        CompletableFuture<String> lost = new CompletableFuture<>();
        try (TcpPeer peer = new TcpPeer("127.0.0.1", 16 * MIB);
                DatagramSocket udp = new DatagramSocket(UDP_PORT, InetAddress.getByName("127.0.0.1"))) {
            CompletableFuture<String> datagram = echoOneDatagram(udp);
            LinuxGuest.Outcome outcome = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage()).drive(LinuxGuest.root())
                    .networkInterface(NetworkInterfaceConfig.user("eth0", "127.0.0.1:18080:80")), script, (vm, console) -> {
                        vm.addListener(event -> {
                            if (event instanceof VmEvent.NetworkLost loss) {
                                lost.complete(loss.networkInterface() + ": " + loss.reason());
                            }
                        });
                        LinuxGuest.await(console, "listening");
                        published.complete(fetch(18080));
                        LinuxGuest.await(console, "kill-it");
                        ProcessHandle.current().children().filter(child -> child.info().command().orElse("").contains("passt"))
                                .forEach(ProcessHandle::destroyForcibly);
                        LinuxGuest.await(console, "answer>>");
                    });
            String[] lines = outcome.answer().split("\n");
            assertEquals(out.address(), lines[0], "the host's address by DHCP: " + outcome.output());
            assertEquals("65520", lines[1]);
            assertEquals(16 * MIB, peer.received().bytes());
            assertEquals(peer.received().md5() + "  -", lines[2], "what the guest sent");
            assertEquals(peer.sent().md5() + "  -", lines[3], "what the guest received");
            assertEquals("ping-by-udp", datagram.get(1, TimeUnit.SECONDS));
            assertEquals("ping-by-udp", lines[4], "and back");
            assertEquals("from-the-guest", published.get(1, TimeUnit.SECONDS));
            assertTrue(outcome.answer().endsWith("down"), outcome.output());
            assertTrue(lost.get(1, TimeUnit.SECONDS).startsWith("eth0: passt (process "), lost.join());
        }
    }

    /** What the guest's server says; passt takes a connection before the guest has. */
    private static String fetch(int port) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", port); InputStream in = socket.getInputStream()) {
            return new String(in.readAllBytes(), UTF_8).strip();
        }
    }
}
