package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.devices.virtio.net.NetStatistics;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Debian's virtio_net on a tap interface of the host. */
@Tag("linux")
class LinuxNetworkTest {

    private static final String MAC = "02:fc:00:00:00:05";
    private static final long MIB = 1 << 20;
    private static final String UP = "ip link set eth0 up; ip addr add " + HostTap.GUEST + "/24 dev eth0\n";

    private static NetworkInterfaceConfig network(HostTap tap, Integer mtu, int pairs) {
        return new NetworkInterfaceConfig("eth0", tap.name(), MAC, mtu, null, null, pairs, null);
    }

    @Test
    void sixtyFourMebibytesGoEachWayByChecksumWithOffloadsOn() throws Exception {
        // Written in large pieces, since TCP sends what it is given at once; and on a slow processor two segments of it
        // together, unless told to wait for more.
        String script = UP + "echo 32 >/proc/sys/net/ipv4/tcp_min_tso_segs\n"
                + "ping -c 3 -W 5 " + HostTap.HOST + " | grep received\n"
                + "dd if=/dev/urandom of=/tmp/a bs=1M count=4 2>/dev/null\n"
                + "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do echo $i; cat /tmp/a; done >/tmp/b\n"
                + "wc -c </tmp/b; md5sum </tmp/b\n"
                + "socat -u -b 65536 - TCP:" + HostTap.HOST + ":" + TcpPeer.RECEIVE_PORT + " </tmp/b; rm /tmp/b; echo half-way\n"
                + "socat -u -b 65536 TCP:" + HostTap.HOST + ":" + TcpPeer.SEND_PORT + " - | md5sum\n"
                + "cat /sys/class/net/eth0/address /sys/class/net/eth0/mtu\n";
        AtomicReference<NetStatistics> halfWay = new AtomicReference<>();
        AtomicReference<NetStatistics> end = new AtomicReference<>();
        try (HostTap tap = new HostTap("vmmtap0"); TcpPeer peer = new TcpPeer(HostTap.HOST, 64 * MIB)) {
            LinuxGuest.Outcome outcome = LinuxGuest.run(
                    LinuxGuest.machine(LinuxGuest.bzImage()).drive(LinuxGuest.root()).networkInterface(network(tap, 1400, 1)), script,
                    (vm, console) -> {
                        LinuxGuest.await(console, "half-way");
                        halfWay.set(vm.networkInterface("eth0").statistics());
                        LinuxGuest.await(console, "answer>>");
                        end.set(vm.networkInterface("eth0").statistics());
                    });
            String[] lines = outcome.answer().split("\n");
            assertTrue(lines[0].contains("3 packets received"), outcome.output());
            assertEquals(peer.received().bytes(), Long.parseLong(lines[1]), "bytes from the guest");
            assertTrue(peer.received().bytes() > 64 * MIB);
            assertEquals(peer.received().md5() + "  -", lines[2], "what the guest sent");
            assertEquals("half-way", lines[3]);
            assertEquals(peer.sent().md5() + "  -", lines[4], "what the guest received");
            assertEquals(MAC, lines[5]);
            assertEquals("1400", lines[6], "the MTU the device told");
        }
        NetStatistics sent = halfWay.get();
        NetStatistics both = end.get();
        assertTrue(sent.txBytes() / sent.txFrames() > 3000, "the guest sends segments to be cut up: " + sent);
        long received = both.rxFrames() - sent.rxFrames();
        assertTrue((both.rxBytes() - sent.rxBytes()) / received > 2000, received + " frames, segments not cut up among them: " + both);
        assertEquals(0, both.txMalformed() + both.txOversize() + both.txFailed(), both.toString());
    }

    @Test
    void severalQueuePairsAreAllUsedByTheGuestWhoseMtuFollowsTheTaps() throws Exception {
        String script = UP + "ls /sys/class/net/eth0/queues | tr '\\n' ' '; echo\n"
                + "ping -c 3 -W 5 " + HostTap.HOST + " | grep received\n"
                + "nc " + HostTap.HOST + " " + TcpPeer.SEND_PORT + " </dev/null | md5sum\n"
                + "head -c 1000000 /dev/zero | nc " + HostTap.HOST + " " + TcpPeer.RECEIVE_PORT + "\n"
                + "cat /sys/class/net/eth0/mtu\n";
        try (HostTap tap = new HostTap("vmmtap0", "multi_queue"); TcpPeer peer = new TcpPeer(HostTap.HOST, 4 * MIB)) {
            tap.setMtu(1280);
            LinuxGuest.Outcome outcome = LinuxGuest.run(
                    LinuxGuest.machine(LinuxGuest.bzImage()).vcpus(2).networkInterface(network(tap, null, 2)), script);
            String[] lines = outcome.answer().split("\n");
            assertEquals("rx-0 rx-1 tx-0 tx-1", lines[0].strip());
            assertTrue(lines[1].contains("3 packets received"), outcome.output());
            assertEquals(peer.sent().md5() + "  -", lines[2]);
            assertEquals(1_000_000, peer.received().bytes());
            assertEquals("1280", lines[3], "the tap's MTU");
        }
    }

    @Test
    void linkAndRateLimitChangeWhileTheGuestRuns() throws Exception {
        String script = UP + "ping -c 1 -W 5 " + HostTap.HOST + " | grep received\n"
                + "echo ready; until [ $(cat /sys/class/net/eth0/carrier) = 0 ]; do sleep 1; done\n"
                + "echo unplugged; until [ $(cat /sys/class/net/eth0/carrier) = 1 ]; do sleep 1; done\n"
                + "nc " + HostTap.HOST + " " + TcpPeer.SEND_PORT + " </dev/null | md5sum\n";
        try (HostTap tap = new HostTap("vmmtap0"); TcpPeer peer = new TcpPeer(HostTap.HOST, MIB)) {
            long[] began = new long[1];
            LinuxGuest.Outcome outcome = LinuxGuest.run(
                    LinuxGuest.machine(LinuxGuest.bzImage()).networkInterface(network(tap, null, 1)), script, (vm, console) -> {
                        LinuxGuest.await(console, "ready");
                        vm.networkInterface("eth0").setLinkUp(false).join();
                        LinuxGuest.await(console, "unplugged");
                        vm.networkInterface("eth0").updateRxRateLimiter(RateLimiterConfig.bytesPerSecond(MIB / 4)).join();
                        began[0] = System.nanoTime();
                        vm.networkInterface("eth0").setLinkUp(true).join();
                        LinuxGuest.await(console, "answer>>");
                        began[0] = System.nanoTime() - began[0];
                    });
            assertTrue(outcome.answer().endsWith(peer.sent().md5() + "  -"), outcome.output());
            assertTrue(TimeUnit.NANOSECONDS.toMillis(began[0]) > 2500, "1 MiB at 256 KiB/s took " + began[0] + " ns");
        }
    }
}
