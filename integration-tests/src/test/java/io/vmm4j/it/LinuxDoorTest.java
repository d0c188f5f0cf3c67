package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Debian, started and driven by the HTTP API of the built program, as a client of Firecracker's does it. */
@Tag("linux")
@Timeout(900)
class LinuxDoorTest {

    private static final int MIB = 1 << 20;
    private static final String SCRIPT = """
            ip link set eth0 up; ip addr add %s/24 dev eth0
            ping -c 2 -W 5 %s | grep received
            for d in /sys/bus/virtio/devices/*; do cat $d/device; done | sort | tr '\\n' ' '; echo
            echo "random=$(head -c 16 /dev/hwrng | wc -c) size-before=$(blockdev --getsize64 /dev/vdb)"
            echo step one
            read line </dev/ttyS0
            echo "size-after=$(blockdev --getsize64 /dev/vdb) begin=$(head -c 4 /dev/vdb)"
            echo step two
            read line </dev/ttyS0
            ping -c 3 -W 5 %s | grep received
            echo step three
            read line </dev/ttyS0
            """.formatted(HostTap.GUEST, HostTap.HOST, HostTap.HOST);

    @TempDir
    Path directory;

    private Process process;

    private String out() throws IOException {
        return Files.readString(directory.resolve("out")).replace("\r", "");
    }

    private SocketChannel connect() throws IOException {
        while (true) {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(directory.resolve("fc.sock")));
                return channel;
            } catch (IOException e) {
                channel.close();
                if (!process.isAlive()) {
                    throw new IOException(out(), e);
                }
                Thread.onSpinWait();
            }
        }
    }

    /** The answer to one request, on a connection of its own. */
    private String ask(String method, String path, String body) throws IOException {
        try (SocketChannel channel = connect()) {
            String length = body.isEmpty() ? "" : "Content-Length: " + body.length() + "\r\n";
            channel.write(ByteBuffer.wrap((method + " " + path + " HTTP/1.1\r\n" + length + "\r\n" + body).getBytes(StandardCharsets.UTF_8)));
            ByteBuffer answer = ByteBuffer.allocate(16384);
            String text;
            do {
                assertTrue(channel.read(answer) > 0, "the server has closed the connection");
                text = new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
            } while (!text.contains("\r\n\r\n") || text.startsWith("HTTP/1.1 200") && !text.endsWith("}"));
            return text;
        }
    }

    private void done(String method, String path, String body) throws IOException {
        String answer = ask(method, path, body.replace('\'', '"'));
        assertTrue(answer.startsWith("HTTP/1.1 204"), () -> method + " " + path + ": " + answer);
    }

    private void awaitOut(String text) throws IOException {
        while (!out().contains("\n" + text)) {
            assertTrue(process.isAlive(), out());
            Thread.yield();
        }
    }

    private void configure(String tap) throws IOException {
        done("PUT", "/metrics", "{'metrics_path': '" + directory.resolve("metrics") + "'}");
        String arguments = LinuxGuest.arguments(SCRIPT, "poweroff");
        done("PUT", "/boot-source", "{'kernel_image_path': '" + LinuxGuest.vmlinux() + "', 'initrd_path': '" + LinuxGuest.initrd() + "', 'boot_args': '"
                + arguments + "'}");
        done("PUT", "/machine-config", "{'vcpu_count': 1, 'mem_size_mib': 256}");
        done("PUT", "/drives/rootfs", "{'drive_id': 'rootfs', 'path_on_host': '" + LinuxGuest.image("guest/rootfs.ext4")
                + "', 'is_root_device': true, 'is_read_only': true}");
        done("PUT", "/drives/data", "{'drive_id': 'data', 'path_on_host': '" + directory.resolve("one.img") + "', 'is_root_device': false, 'is_read_only': false}");
        done("PUT", "/network-interfaces/eth0", "{'iface_id': 'eth0', 'host_dev_name': '" + tap + "', 'guest_mac': '02:fc:00:00:00:05'}");
        done("PUT", "/vsock", "{'guest_cid': 3, 'uds_path': '" + directory.resolve("v.sock") + "'}");
        done("PUT", "/balloon", "{'amount_mib': 0, 'deflate_on_oom': true, 'stats_polling_interval_s': 1}");
        done("PUT", "/entropy", "{}");
    }

    @Test
    void aStockGuestIsConfiguredStartedChangedAndEndedByItsSocket() throws Exception {
        Files.write(directory.resolve("one.img"), new byte[4 * MIB]);
        byte[] other = new byte[8 * MIB];
        System.arraycopy("next".getBytes(StandardCharsets.US_ASCII), 0, other, 0, 4);
        Files.write(directory.resolve("two.img"), other);
        try (HostTap tap = new HostTap("vmmtap0")) {
            List<String> words = LinuxGuest.program("firecracker", "--api-sock", directory.resolve("fc.sock").toString(), "--id", "stock");
            process = new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(directory.resolve("out").toFile()).start();
            try (OutputStream keys = process.getOutputStream()) {
                configure(tap.name());
                done("PUT", "/actions", "{'action_type': 'InstanceStart'}");
                awaitOut("step one");
                drive(keys);
                assertTrue(process.waitFor(300, TimeUnit.SECONDS), this::outUnchecked);
                assertEquals(0, process.exitValue(), this::outUnchecked);
            } finally {
                process.destroyForcibly();
            }
        }
        judge();
    }

    private static void type(OutputStream keys) throws IOException {
        keys.write("go\n".getBytes(StandardCharsets.US_ASCII));
        keys.flush();
    }

    private void drive(OutputStream keys) throws IOException {
        done("PATCH", "/vm", "{'state': 'Paused'}");
        done("PATCH", "/vm", "{'state': 'Paused'}");
        assertTrue(ask("GET", "/", "").contains("\"state\":\"Paused\""));
        done("PATCH", "/drives/data", "{'drive_id': 'data', 'path_on_host': '" + directory.resolve("two.img") + "'}");
        done("PATCH", "/drives/data", "{'drive_id': 'data', 'rate_limiter': {'ops': {'size': 1000, 'refill_time': 100}}}");
        done("PATCH", "/vm", "{'state': 'Resumed'}");
        done("PATCH", "/vm", "{'state': 'Resumed'}");
        assertTrue(ask("GET", "/", "").contains("\"state\":\"Running\""));
        type(keys);
        awaitOut("step two");
        done("PATCH", "/network-interfaces/eth0", "{'iface_id': 'eth0', 'rx_rate_limiter': {'bandwidth': {'size': 1000000, 'refill_time': 100}}}");
        done("PATCH", "/balloon", "{'amount_mib': 16}");
        done("PATCH", "/balloon/statistics", "{'stats_polling_interval_s': 2}");
        String balloon;
        do {
            balloon = ask("GET", "/balloon/statistics", "");
            assertTrue(process.isAlive() && balloon.startsWith("HTTP/1.1 200"), balloon);
        } while (!balloon.contains("\"actual_mib\":16") || !balloon.contains("\"free_memory\""));
        type(keys);
        awaitOut("step three");
        assertTrue(ask("GET", "/vm/config", "").contains("two.img"));
        done("PUT", "/actions", "{'action_type': 'FlushMetrics'}");
        done("PUT", "/actions", "{'action_type': 'SendCtrlAltDel'}");
        try {
            type(keys);
        } catch (IOException e) {
            // The guest has heeded the keys already.
            assertTrue(e.getMessage() != null);
        }
    }

    private void judge() throws IOException {
        String out = out();
        String answer = out.substring(out.indexOf("<<answer"));
        for (String line : List.of("2 packets received", "0x0001 0x0002 0x0002 0x0004 0x0005 0x0013", "random=16 size-before=" + 4 * MIB,
                "size-after=" + 8 * MIB + " begin=next", "3 packets received")) {
            assertTrue(answer.contains(line), () -> "no \"" + line + "\": " + out);
        }
        List<String> metrics = Files.readAllLines(directory.resolve("metrics"));
        assertTrue(metrics.size() >= 3, "at the start, on request, at the end: " + metrics.size());
        for (String line : metrics) {
            assertTrue(line.startsWith("{\"utc_timestamp_ms\":") && line.endsWith("}"), line);
        }
        assertTrue(metrics.stream().anyMatch(line -> line.contains("\"update_count\":1")), "the drive's change is counted");
    }

    private String outUnchecked() {
        try {
            return out();
        } catch (IOException e) {
            return e.toString();
        }
    }
}
