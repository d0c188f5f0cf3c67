package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.EntropyConfig;
import io.vmm4j.core.config.MemoryBalloonConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.console.SerialPort;
import io.vmm4j.core.host.StreamConsole;
import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.virtio.balloon.BalloonStatistic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian's drivers on two disks, an entropy device, a balloon and a console. */
@Tag("linux")
class LinuxDevicesTest {

    private static final int MIB = 1 << 20;
    /** The initramfs's own file system takes half of the guest's memory at most. */
    private static final String FILES = "mount -t tmpfs -o size=400m files /mnt\n";

    @TempDir
    Path directory;

    private Path image(String name, int mebibytes) throws IOException {
        byte[] bytes = new byte[mebibytes * MIB];
        new Random(7).nextBytes(bytes);
        return Files.write(directory.resolve(name), bytes);
    }

    private static String md5(Path file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(Files.readAllBytes(file)));
    }

    @Test
    void ofTwoDisksOneIsReadOnlyAndTheOtherTakesWrites() throws Exception {
        Path writable = image("a.img", 8);
        Path readOnly = image("b.img", 8);
        String before = md5(readOnly);
        LinuxGuest.Outcome outcome = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage())
                .drive(new DriveConfig("a", false, null, writable.toString(), false, null))
                .drive(new DriveConfig("b", false, null, readOnly.toString(), true, null)),
                "cat /sys/block/vda/ro /sys/block/vdb/ro; md5sum </dev/vdb\n"
                + "dd if=/dev/zero of=/dev/vdb bs=512 count=1 2>/dev/null || echo refused\n"
                + "dd if=/dev/vdb of=/dev/vda bs=1M count=4 2>/dev/null; dd if=/dev/zero of=/dev/vda bs=1M seek=4 count=4 2>/dev/null\n"
                + "sync; md5sum </dev/vda\n");
        String[] lines = outcome.answer().split("\n");
        assertEquals("0", lines[0]);
        assertEquals("1", lines[1]);
        assertEquals(before + "  -", lines[2]);
        assertEquals("refused", lines[3]);
        assertEquals(md5(writable) + "  -", lines[4]);
        assertEquals(before, md5(readOnly));
    }

    /** The second limit would take half an hour: a guest that reads on shows that it was lifted from a request that waited for it. */
    @Test
    void aDriveKeepsToItsLimitUntilThatIsLifted() throws Exception {
        Path disk = image("a.img", 16);
        long[] nanos = new long[1];
        LinuxGuest.Outcome outcome = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage())
                .drive(new DriveConfig("a", false, null, disk.toString(), true, null)
                        .withRateLimiter(RateLimiterConfig.bytesPerSecond(MIB))),
                "echo begin; dd if=/dev/vda bs=64k count=64 2>/dev/null | wc -c; echo limited\n"
                + "read line </dev/ttyS0; echo slow; dd if=/dev/vda bs=64k skip=64 count=192 2>/dev/null | wc -c; echo free\n", (vm, console) -> {
                    LinuxGuest.await(console, "begin");
                    nanos[0] = System.nanoTime();
                    LinuxGuest.await(console, "limited");
                    nanos[0] = System.nanoTime() - nanos[0];
                    vm.drive("a").updateRateLimiter(RateLimiterConfig.bytesPerSecond(8192)).join();
                    console.type("go\n");
                    LinuxGuest.await(console, "slow");
                    vm.drive("a").updateRateLimiter(RateLimiterConfig.bytesPerSecond(0)).join();
                    LinuxGuest.await(console, "free");
                });
        assertTrue(outcome.answer().contains("4194304") && outcome.answer().contains("12582912"), outcome.output());
        long limited = TimeUnit.NANOSECONDS.toMillis(nanos[0]);
        assertTrue(limited > 2500, "4 MiB at 1 MiB/s took " + limited + " ms");
    }

    @Test
    void theGuestReadsRandomBytesFromTheHost() throws Exception {
        LinuxGuest.Outcome outcome = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage()).entropy(new EntropyConfig(null)),
                "cat /sys/class/misc/hw_random/rng_current\n"
                + "for i in 1 2; do dd if=/dev/hwrng bs=4k count=64 iflag=fullblock 2>/dev/null >/tmp/r$i; wc -c </tmp/r$i; gzip -c /tmp/r$i | wc -c; done\n"
                + "cmp -s /tmp/r1 /tmp/r2 || echo differ\n");
        String[] lines = outcome.answer().split("\n");
        assertEquals("virtio_rng.0", lines[0], outcome.output());
        assertEquals("262144", lines[1]);
        assertTrue(Integer.parseInt(lines[2].strip()) > 262144, "random bytes do not compress: " + outcome.output());
        assertEquals("differ", lines[5], outcome.output());
    }

    @Test
    void anInflatedBalloonGivesResidentMemoryBack() throws Exception {
        long[] resident = new long[3];
        String[] statistics = new String[1];
        LinuxGuest.Outcome outcome = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage()).memoryMib(512)
                .balloon(new MemoryBalloonConfig(0L, false, 1, false, false)),
                FILES + "dd if=/dev/zero of=/mnt/x bs=1M count=380 2>/dev/null; rm /mnt/x; echo touched\n"
                + "total() { grep MemTotal /proc/meminfo | tr -dc 0-9; }\n"
                + "until [ $(total) -lt 220000 ]; do sleep 1; done; echo inflated\n"
                + "until [ $(total) -gt 420000 ]; do sleep 1; done; dd if=/dev/zero of=/mnt/x bs=1M count=200 2>/dev/null; echo deflated\n",
                (vm, console) -> {
                    LinuxGuest.await(console, "touched");
                    resident[0] = residentMib();
                    vm.balloon().setTargetMib(300).join();
                    LinuxGuest.await(console, "inflated");
                    awaitBalloon(vm, 300);
                    resident[1] = residentMib();
                    statistics[0] = vm.balloon().statistics().keySet().toString();
                    vm.balloon().setTargetMib(0).join();
                    LinuxGuest.await(console, "deflated");
                    resident[2] = residentMib();
                });
        assertTrue(resident[0] >= 380, "the guest touched 380 MiB: " + resident[0] + "; " + outcome.output());
        assertTrue(resident[1] <= resident[0] - 200, "resident " + resident[0] + " MiB, after inflation " + resident[1] + "; " + outcome.output());
        assertTrue(resident[2] >= resident[1] + 100, "the guest uses its memory again: " + resident[2]);
        assertTrue(statistics[0].contains(BalloonStatistic.FREE_MEMORY.name()), statistics[0]);
    }

    /** The guest's kernel inflates in steps, and is slow about it on a busy machine. */
    private static void awaitBalloon(Vm vm, long mebibytes) {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (vm.balloon().actualMib() != mebibytes) {
            assertTrue(System.nanoTime() - deadline < 0, () -> "the balloon stays at " + vm.balloon().actualMib() + " MiB");
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }

    @Test
    void freePagesAreReportedAndGoBackToTheHost() throws Exception {
        long[] resident = new long[2];
        long[] discarded = new long[1];
        LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage()).memoryMib(512)
                .balloon(new MemoryBalloonConfig(0L, false, 0, false, true)),
                FILES + "dd if=/dev/zero of=/mnt/x bs=1M count=300 2>/dev/null; echo touched; read line </dev/ttyS0\n"
                + "rm /mnt/x; sleep 20; echo reported\n",
                (vm, console) -> {
                    LinuxGuest.await(console, "touched");
                    resident[0] = residentMib();
                    console.type("go\n");
                    LinuxGuest.await(console, "reported");
                    resident[1] = residentMib();
                    discarded[0] = vm.balloon().discardedBytes() / MIB;
                });
        assertTrue(discarded[0] >= 200, discarded[0] + " MiB were reported");
        assertTrue(resident[1] <= resident[0] - 200, "resident " + resident[0] + " MiB, after the guest freed 300 MiB " + resident[1]);
    }

    /** Memory of this process that is in no file, which is the guest's RAM for the most part. */
    private static long residentMib() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.matches("Rss(Anon|Shmem):.*"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).sum() / 1024;
    }

    @Test
    void aShellOnHvc0KnowsTheSizeOfItsWindowAndHearsOfAnother() throws Exception {
        WindowedConsole hvc = new WindowedConsole();
        LinuxGuest.Outcome outcome = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage()).virtioConsole(hvc),
                "setsid sh -c 'exec getty -n -l /bin/sh 0 hvc0'\n", (vm, console) -> {
                    CapturedConsole shell = hvc.captured;
                    LinuxGuest.await(shell, "# ");
                    shell.type("stty size; echo sum$((1+1))\n");
                    LinuxGuest.await(shell, "43 132");
                    LinuxGuest.await(shell, "sum2");
                    hvc.port.resize(100, 50);
                    shell.type("until stty size | grep 50; do sleep 1; done\n");
                    LinuxGuest.await(shell, "50 100");
                    shell.type("seq 1 2000 | tail -n 3; seq 1 2000; exit\n");
                    LinuxGuest.await(shell, "1999\r\n2000\r\n1\r\n2\r\n");
                    LinuxGuest.await(shell, "1999\r\n2000\r\n");
                });
        assertTrue(outcome.output().contains("answer>>"), outcome.output());
        String printed = hvc.captured.text();
        String numbers = printed.substring(printed.lastIndexOf("\r\n1\r\n2\r\n") + 2, printed.lastIndexOf("2000\r\n") + 6);
        assertEquals(2000, numbers.lines().count(), "a line was lost");
    }

    /** A console on a terminal of 132 columns and 43 rows. */
    private static final class WindowedConsole implements SerialConsole {

        final CapturedConsole captured = StreamConsole.capture();
        volatile SerialPort port;

        @Override
        public SerialSink output() {
            return captured.output();
        }

        @Override
        public void attach(SerialPort newPort) {
            port = newPort;
            newPort.resize(132, 43);
            captured.attach(newPort);
        }

        @Override
        public void close() {
            captured.close();
        }
    }
}
