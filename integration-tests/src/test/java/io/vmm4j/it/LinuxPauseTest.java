package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.event.VmEvent;
import io.vmm4j.core.metrics.VmMetrics;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ten seconds' pause of Debian under load: a disk that is written, a stream from the network, a processor that is busy. */
@Tag("linux")
class LinuxPauseTest {

    private static final Duration PAUSE = Duration.ofSeconds(10);
    private static final int MIB = 1 << 20;
    private static final String SCRIPT = """
            ip link set eth0 up; ip addr add %s/24 dev eth0
            dd if=/dev/urandom of=/tmp/a bs=1M count=1 2>/dev/null
            (until [ -e /tmp/stop ]; do :; done) &
            (i=0; until [ -e /tmp/stop ]; do i=$(((i + 1) %% 8)); dd if=/tmp/a of=/dev/vdb bs=1M seek=$i conv=notrunc,fsync 2>/dev/null; done) &
            writer=$!
            socat -u -b 65536 TCP:%s:%d - | md5sum >/tmp/net &
            stream=$!
            echo "up-before=$(cut -d. -f1 /proc/uptime) date-before=$(date +%%s)"
            echo under load
            read line </dev/ttyS0
            echo "up-after=$(cut -d. -f1 /proc/uptime) date-after=$(date +%%s)"
            touch /tmp/stop; wait $writer; wait $stream
            echo "net=$(cut -c1-32 /tmp/net)"
            for i in 1 2 3; do dd if=/tmp/a of=/dev/vdb bs=1M seek=$i conv=notrunc,fsync 2>/dev/null; done
            echo 3 >/proc/sys/vm/drop_caches
            for i in 1 2 3; do dd if=/dev/vdb bs=1M skip=$i count=1 2>/dev/null | cmp - /tmp/a && echo same=$i; done
            ping -c 2 -W 5 %s | grep received
            dmesg | grep -i -E 'lockup|stall|unstable|hung|I/O error' || echo no=complaints
            echo before the failure
            read line </dev/ttyS0
            dd if=/dev/vdb of=/dev/null bs=4096 skip=3000 count=1 2>/dev/null || echo the read failed
            """.formatted(HostTap.GUEST, HostTap.HOST, TcpPeer.SEND_PORT, HostTap.HOST);

    @TempDir
    Path directory;

    private static byte[] digest(Path file) throws Exception {
        return MessageDigest.getInstance("MD5").digest(Files.readAllBytes(file));
    }

    private static long number(LinuxGuest.Outcome outcome, String key) {
        Matcher found = Pattern.compile("\\b" + key + "=(\\d+)").matcher(outcome.answer());
        assertTrue(found.find(), () -> "no " + key + ": " + outcome.output());
        return Long.parseLong(found.group(1));
    }

    @Test
    void aGuestUnderLoadStandsStillAndGoesOnWithoutACrack() throws Exception {
        Path image = Files.write(directory.resolve("data.img"), new byte[16 * MIB]);
        List<VmEvent> events = new CopyOnWriteArrayList<>();
        try (HostTap tap = new HostTap("vmmtap0"); TcpPeer peer = new TcpPeer(HostTap.HOST, 24 * MIB)) {
            NetworkInterfaceConfig network = new NetworkInterfaceConfig("eth0", tap.name(), null, null, null, null, 1, null);
            LinuxGuest.Outcome outcome = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage()).drive(LinuxGuest.root())
                    .drive(new DriveConfig("data", false, null, image.toString(), false, null)).networkInterface(network), SCRIPT, (vm, console) -> {
                        vm.addListener(events::add);
                        LinuxGuest.await(console, "under load");
                        vm.pause(Duration.ofMinutes(1));
                        VmMetrics before = vm.metrics();
                        byte[] disk = digest(image);
                        assertTrue(vm.await(PAUSE).isEmpty());
                        assertEquals(before, vm.metrics(), "nothing moves");
                        assertArrayEquals(disk, digest(image));
                        assertTrue(before.networks().get("eth0").rxBytes() < 24 * MIB, "the stream was under way: " + before.networks());
                        vm.resume();
                        console.type("go\n");
                        LinuxGuest.await(console, "before the failure");
                        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                            file.setLength(4096);
                        }
                        console.type("go\n");
                    });
            long uptime = number(outcome, "up-after") - number(outcome, "up-before");
            long date = number(outcome, "date-after") - number(outcome, "date-before");
            assertTrue(uptime >= PAUSE.toSeconds(), "the monotonic clock goes on: " + uptime + " s");
            assertTrue(Math.abs(date - uptime) <= 2, "both clocks agree: " + uptime + " and " + date + " s");
            for (String line : List.of("net=" + peer.sent().md5(), "same=1", "same=2", "same=3", "2 packets transmitted, 2 packets received", "no=complaints",
                    "the read failed")) {
                assertTrue(outcome.answer().contains(line), () -> "no \"" + line + "\": " + outcome.output());
            }
        }
        assertTrue(events.stream().anyMatch(event -> event instanceof VmEvent.DriveFailed failed && failed.drive().equals("data") && failed.number() == 1),
                events::toString);
    }
}
