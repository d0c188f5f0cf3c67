package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.core.snapshot.SnapshotException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Debian's kernel with a disk of qemu-storage-daemon's and a folder of virtiofsd's, by shared memory. */
@Tag("linux")
class VhostUserGuestTest {

    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final int MIB = 1 << 20;
    private static final String MODULES = "for module in /on-demand/*-fuse.ko /on-demand/*-virtiofs.ko; do insmod $module; done";

    private Path directory;
    private Path disk;
    private Path diskSocket;
    private final List<Process> backEnds = new ArrayList<>();

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createTempDirectory(Path.of("/var/tmp"), "vmm4j-vhost");
        disk = directory.resolve("disk");
        diskSocket = directory.resolve("disk.sock");
    }

    @AfterEach
    void removeDirectory() throws Exception {
        for (Process process : backEnds) {
            process.destroyForcibly().waitFor();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static String program(String... places) {
        for (String place : places) {
            if (Files.isExecutable(Path.of(place))) {
                return place;
            }
        }
        assumeTrue(false, String.join(", ", places) + ": not here");
        return null;
    }

    private Process begin(Path socket, List<String> command) throws Exception {
        Files.deleteIfExists(socket);
        Process process = new ProcessBuilder(command).inheritIO().start();
        backEnds.add(process);
        while (!Files.exists(socket)) {
            if (process.waitFor(10, TimeUnit.MILLISECONDS)) {
                throw new IOException(command.get(0) + " has ended with status " + process.exitValue());
            }
        }
        return process;
    }

    private Process beginStorage() throws Exception {
        return begin(diskSocket, List.of(program("/usr/bin/qemu-storage-daemon"), "--blockdev", "driver=file,node-name=f,filename=" + disk, "--blockdev",
                "driver=raw,node-name=d,file=f", "--export", "type=vhost-user-blk,id=e,node-name=d,writable=on,addr.type=unix,addr.path=" + diskSocket));
    }

    private static String sum(byte[] content) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }

    private static void power(GuestShell shell, Vm vm) throws Exception {
        shell.console().type("poweroff -f\n");
        assertEquals(VmExitReason.POWEROFF, vm.exit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS).reason());
    }

    @Test
    void aDiskIsServedThroughAPauseAndTheDeathOfItsServer() throws Exception {
        byte[] content = new byte[4 * MIB];
        new Random(3).nextBytes(content);
        Files.write(disk, content);
        Process storage = beginStorage();
        GuestShell shell = new GuestShell();
        try (Vm vm = LinuxGuest.machine(LinuxGuest.bzImage()).vcpus(2).serial(shell.console())
                .drive(DriveConfig.vhostUser("data", diskSocket.toString())).build()) {
            vm.start();
            shell.awaitPrompt();
            shell.run("dmesg -n 1");
            assertEquals("8192", shell.run("cat /sys/block/vda/size"));
            assertEquals(sum(content), shell.run("sha256sum </dev/vda | cut -d' ' -f1"));
            assertEquals("2048+0 records out", shell.run("dd if=/dev/urandom of=/r bs=512 count=2048 2>/dev/null; dd if=/r of=/dev/vda bs=512 2>&1 | grep out; sync"));
            String written = shell.run("sha256sum </r | cut -d' ' -f1");
            assertEquals(written, sum(Arrays.copyOf(Files.readAllBytes(disk), MIB)));
            vm.pause();
            assertTrue(assertThrows(SnapshotException.class, vm::snapshot).getMessage().contains("drive data"));
            vm.resume();
            storage.destroyForcibly().waitFor();
            shell.run("echo 3 >/proc/sys/vm/drop_caches; (head -c 1048576 /dev/vda | sha256sum >/late; echo over >/over) & true");
            beginStorage();
            assertTrue(shell.run("until [ -e /over ]; do usleep 10000; done; cat /late").startsWith(written));
            power(shell, vm);
        }
    }

    @Test
    void aFolderIsServedByVirtiofsd() throws Exception {
        Path folder = Files.createDirectory(directory.resolve("folder"));
        byte[] content = new byte[4 * MIB];
        new Random(4).nextBytes(content);
        Files.write(folder.resolve("big"), content);
        Path socket = directory.resolve("fs.sock");
        begin(socket, List.of(program("/usr/bin/virtiofsd", "/usr/lib/qemu/virtiofsd"), "--socket-path=" + socket, "-o", "source=" + folder, "-o", "sandbox=chroot"));
        GuestShell shell = new GuestShell();
        try (Vm vm = LinuxGuest.machine(LinuxGuest.bzImage()).vcpus(2).serial(shell.console()).share(ShareConfig.vhostUser(socket.toString(), "work")).build()) {
            vm.start();
            shell.awaitPrompt();
            shell.run("dmesg -n 1; " + MODULES + "; mkdir /w; mount -t virtiofs work /w");
            assertTrue(shell.run("sha256sum /w/big").startsWith(sum(content)));
            shell.run("cp /w/big /w/copy; mkdir /w/d; for i in 1 2 3 4 5 6 7 8; do echo $i >/w/d/$i; done; sync");
            assertEquals(sum(content), sum(Files.readAllBytes(folder.resolve("copy"))));
            assertEquals("8", Files.readString(folder.resolve("d/8")).strip());
            vm.pause();
            vm.resume();
            assertEquals("8", shell.run("ls /w/d | wc -l; umount /w"));
            power(shell, vm);
        }
    }
}
