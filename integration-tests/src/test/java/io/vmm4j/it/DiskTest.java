package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.DriveConfig.IoEngine;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.host.StreamConsole;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileStat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Disks under Debian's kernel: what is written stays, what is trimmed goes, and who is second is refused. */
@Tag("linux")
class DiskTest {

    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final long MIB = 1 << 20;

    /** Not the default directory for temporary files, which may be in memory and take no direct I/O. */
    private Path directory;
    private final List<String[]> cleanUps = new ArrayList<>();

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createTempDirectory(Path.of("/var/tmp"), "vmm4j-disks");
    }

    @AfterEach
    void removeDirectory() throws Exception {
        for (String[] command : cleanUps) {
            host(command);
        }
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    private static String host(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertTrue(process.waitFor(2, TimeUnit.MINUTES), () -> String.join(" ", command) + " did not end");
        assertEquals(0, process.exitValue(), () -> String.join(" ", command) + ": " + output);
        return output;
    }

    private Path emptyImage(String name, long mebibytes) throws IOException {
        Path image = directory.resolve(name);
        try (Fd fd = Fd.open(image, Fd.O_RDWR | Fd.O_CREAT)) {
            fd.truncate(mebibytes * MIB);
        }
        return image;
    }

    private Path ext4Image(String name, long mebibytes) throws Exception {
        Path image = emptyImage(name, mebibytes);
        host("mke2fs", "-q", "-t", "ext4", "-E", "lazy_itable_init=0,lazy_journal_init=0", image.toString());
        return image;
    }

    private static DriveConfig drive(String id, Path image, boolean readOnly) {
        return new DriveConfig(id, false, null, image.toString(), readOnly, null);
    }

    private static long hostMebibytes(Path image) throws IOException {
        try (Fd fd = Fd.open(image, Fd.O_RDONLY)) {
            FileStat stat = fd.stat();
            return stat.blocks() * 512 / MIB;
        }
    }

    private static String run(String script, DriveConfig... drives) throws Exception {
        var machine = LinuxGuest.machine(LinuxGuest.bzImage());
        for (DriveConfig drive : drives) {
            machine.drive(drive);
        }
        LinuxGuest.Outcome outcome = LinuxGuest.run(machine, script);
        assertEquals(VmExitReason.POWEROFF, outcome.exit().reason(), outcome.exit().message());
        return outcome.answer();
    }

    @ParameterizedTest(name = "{0}, direct: {1}, queues: {2}")
    @CsvSource({"Sync, false, 1", "Sync, true, 1", "Async, false, 1", "Async, true, 2"})
    void sixtyFourMebibytesComeBackAsTheyWereWritten(IoEngine engine, boolean direct, int queues) throws Exception {
        Path image = ext4Image("data.img", 80);
        byte[] content = new byte[(int) (64 * MIB)];
        new Random(17).nextBytes(content);
        Path source = Files.write(directory.resolve("source.img"), content);
        String expected = HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(content));
        String answer = run("""
                mount -t ext4 /dev/vda /mnt
                dd if=/dev/vdb of=/mnt/file bs=1M conv=fsync 2>/dev/null
                umount /mnt
                echo 3 >/proc/sys/vm/drop_caches
                mount -t ext4 /dev/vda /mnt
                md5sum </mnt/file
                umount /mnt
                dmesg | grep -iE 'I/O error|EXT4-fs error' || echo clean
                """, drive("data", image, false).withEngine(engine).withDirect(direct).withQueues(queues, 256), drive("source", source, true));
        List<String> lines = answer.lines().toList();
        assertEquals(expected, lines.get(0).substring(0, 32), "what the guest reads");
        assertEquals("clean", lines.get(1));
        String onHost = host("sh", "-c", "debugfs -R 'cat /file' '" + image + "' 2>/dev/null | md5sum");
        assertEquals(expected, onHost.substring(0, 32), "what the host finds in the image");
    }

    @Test
    void fstrimGivesBlocksBackToTheHost() throws Exception {
        Path image = ext4Image("trimmed.img", 128);
        run("mount -t ext4 /dev/vda /mnt; dd if=/dev/zero bs=1M count=48 2>/dev/null | tr '\\0' x >/mnt/file; umount /mnt",
                drive("data", image, false));
        long full = hostMebibytes(image);
        assertTrue(full >= 48, full + " MiB are allocated");
        String answer = run("mount -t ext4 /dev/vda /mnt; rm /mnt/file; sync; fstrim -v /mnt; umount /mnt",
                drive("data", image, false).withEngine(IoEngine.Async));
        long left = hostMebibytes(image);
        assertTrue(left <= full - 46, left + " of " + full + " MiB are still allocated; fstrim said: " + answer);
    }

    @ParameterizedTest
    @EnumSource(IoEngine.class)
    void aHostWithoutSpaceIsAnErrorInTheGuestWhichLivesOn(IoEngine engine) throws Exception {
        assumeTrue(host("id", "-u").equals("0"), "mounting needs root");
        Path small = Files.createDirectory(directory.resolve("small"));
        host("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small.toString());
        cleanUps.add(new String[] {"umount", small.toString()});
        Path image = emptyImage("small/data.img", 32);
        String answer = run("""
                dd if=/dev/zero bs=1M count=16 2>/dev/null | tr '\\0' x >/tmp/piece
                dd if=/tmp/piece of=/dev/vda bs=1M seek=8 conv=fsync 2>/dev/null || echo refused
                dmesg | grep -q 'I/O error, dev vda' && echo reported
                dd if=/dev/vda bs=512 count=1 2>/dev/null | wc -c
                """, drive("data", image, false).withEngine(engine));
        // The kernel's own lines about it reach the same console.
        assertEquals(List.of("refused", "reported", "512"), answer.lines().filter(line -> !line.startsWith("[")).toList());
    }

    @Test
    void aHostBlockDeviceIsADiskThatCanBeTrimmedToo() throws Exception {
        Path backing = ext4Image("backing.img", 64);
        String device = loopDevice(backing);
        assertTrue(Files.getAttribute(Path.of(device), "unix:mode") instanceof Integer);
        String answer = run("""
                mount -t ext4 /dev/vda /mnt
                dd if=/dev/zero bs=1M count=24 2>/dev/null | tr '\\0' x >/mnt/file
                md5sum </mnt/file
                sync
                rm /mnt/file
                sync
                fstrim /mnt && echo trimmed
                umount /mnt
                cat /sys/block/vda/size
                """, drive("data", Path.of(device), false));
        List<String> lines = answer.lines().toList();
        assertEquals("trimmed", lines.get(1), answer);
        assertEquals("131072", lines.get(2), answer);
        host("sync");
        assertTrue(hostMebibytes(backing) < 12, hostMebibytes(backing) + " MiB are still allocated");
    }

    private String loopDevice(Path backing) throws Exception {
        assumeTrue(host("id", "-u").equals("0"), "loop devices need root");
        new ProcessBuilder("modprobe", "loop").start().waitFor();
        assumeTrue(Files.exists(Path.of("/dev/loop-control")), "no loop devices on this host");
        String device = host("losetup", "-f");
        host("losetup", device, backing.toString());
        cleanUps.add(new String[] {"losetup", "-d", device});
        return device;
    }

    @Test
    void theGuestSeesQueuesBlockSizesIdentityAndWhoMayWrite() throws Exception {
        Path first = emptyImage("first.img", 8);
        Path second = emptyImage("second.img", 8);
        String answer = run("""
                cd /sys/block
                ls vda/mq | wc -l
                cat vda/queue/logical_block_size vda/queue/physical_block_size vda/queue/write_cache
                cat vda/ro vdb/ro vda/serial; echo
                [ $(cat vda/queue/discard_max_bytes) -gt 0 ] && echo discards
                [ $(cat vda/queue/write_zeroes_max_bytes) -gt 0 ] && echo zeroes
                cat vdb/queue/discard_max_bytes
                dd if=/dev/zero of=/dev/vdb bs=512 count=1 2>/dev/null || echo refused
                """, drive("first", first, false).withQueues(2, 64), drive("second", second, true));
        var numbers = Files.readAttributes(first, "unix:dev,rdev,ino");
        String id = "" + numbers.get("dev") + numbers.get("rdev") + numbers.get("ino");
        // One vCPU: a guest uses one queue for it, however many there are.
        assertEquals(List.of("1", "512", "4096", "write back", "0", "1", id.substring(0, Math.min(20, id.length())), "discards",
                "zeroes", "0", "refused"), answer.lines().toList());
    }

    @Test
    void theGuestHearsOfAnImageThatGrewAndOfAnotherInItsPlace() throws Exception {
        Path first = emptyImage("first.img", 8);
        Path second = Files.write(directory.resolve("second.img"), "the second disk".getBytes(StandardCharsets.US_ASCII));
        try (Fd fd = Fd.open(second, Fd.O_RDWR)) {
            fd.truncate(24 * MIB);
        }
        CapturedConsole console = StreamConsole.capture();
        String script = """
                await() { until [ $(cat /sys/block/vda/size) = $1 ]; do usleep 100000; done; echo "size-is $1"; }
                echo ready-to-grow
                await 32768
                await 49152
                head -c 15 /dev/vda; echo
                """;
        try (Vm vm = LinuxGuest.machine(LinuxGuest.bzImage()).drive(drive("data", first, false).withEngine(IoEngine.Async))
                .bootArgs(LinuxGuest.arguments(script, "poweroff")).serial(console).build()) {
            vm.start();
            console.awaitText("ready-to-grow", PATIENCE);
            try (Fd fd = Fd.open(first, Fd.O_RDWR)) {
                fd.truncate(16 * MIB);
            }
            vm.drive("data").updateImage(first).join();
            console.awaitText("size-is 32768", PATIENCE);
            vm.drive("data").updateImage(second).join();
            console.awaitText("size-is 49152", PATIENCE);
            console.awaitText("the second disk", PATIENCE);
            assertThrows(ConfigException.class, () -> LinuxGuest.machine(LinuxGuest.bzImage()).drive(drive("d", second, false)).build());
            assertEquals(VmExitReason.POWEROFF, vm.await(PATIENCE).orElseThrow().reason());
        }
    }

    @Test
    void aSecondMachineOnAWritableImageIsRefusedAndToldWhoHasIt() throws Exception {
        Path image = emptyImage("shared.img", 8);
        try (Vm vm = LinuxGuest.machine(LinuxGuest.bzImage()).drive(drive("data", image, false)).build()) {
            ConfigException refused = assertThrows(ConfigException.class,
                    () -> LinuxGuest.machine(LinuxGuest.bzImage()).drive(drive("other", image, false)).build().close());
            assertEquals("disk image " + image + " is in use by another drive of this process (drives[0].path_on_host)",
                    refused.getMessage());
            Process second = new ProcessBuilder(LinuxGuest.program("--kernel-path", LinuxGuest.bzImage().toString(),
                    "--rootfs", image.toString(), "--log-file", directory.resolve("log").toString()))
                    .redirectErrorStream(true).start();
            second.getOutputStream().close();
            String output = new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(second.waitFor(4, TimeUnit.MINUTES));
            assertEquals(2, second.exitValue(), output);
            assertTrue(output.contains("disk image " + image + " is in use by process " + ProcessHandle.current().pid() + " (java)"), output);
        }
    }
}
