package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.OfdLock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
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

/** Folders of the host's under Debian's kernel. */
@Tag("linux")
class SharedFolderTest {

    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final int BIG = 16 << 20;
    private static final String MODULES = "for module in /on-demand/*-fuse.ko /on-demand/*-virtiofs.ko; do insmod $module; done";

    private Path directory;
    private Path work;

    @BeforeEach
    void makeDirectory() throws IOException {
        // Not the default directory for temporary files, which may be in memory.
        directory = Files.createTempDirectory(Path.of("/var/tmp"), "vmm4j-share");
        work = Files.createDirectory(directory.resolve("work"));
    }

    @AfterEach
    void removeDirectory() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static String sum(byte[] content) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }

    private static void power(GuestShell shell, Vm vm) throws Exception {
        shell.console().type("poweroff -f\n");
        assertEquals(VmExitReason.POWEROFF, vm.exit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS).reason());
    }

    @Test
    void aGuestWorksInAFolderOfTheHosts() throws Exception {
        Path look = Files.createDirectory(directory.resolve("look"));
        Files.writeString(look.resolve("note"), "for reading\n");
        byte[] big = new byte[BIG];
        new Random(2).nextBytes(big);
        Files.write(work.resolve("big"), big);
        GuestShell shell = new GuestShell();
        try (Vm vm = LinuxGuest.machine(LinuxGuest.bzImage()).vcpus(2).serial(shell.console()).share(work, "work")
                .share(ShareConfig.of(look.toString(), "look").withReadOnly(true).withCache(ShareConfig.Cache.ALWAYS))
                .share(ShareConfig.of(null, "shelf").withQueues(2, 256)).build()) {
            vm.start();
            shell.awaitPrompt();
            // A kernel that is short of time says so on the console, amid the answers.
            shell.run("dmesg -n 1; " + MODULES + "; mkdir /w /l /s; mount -t virtiofs work /w; mount -t virtiofs look /l; mount -t virtiofs shelf /s");
            manySmallFiles(shell);
            manyFiles(shell);
            oneBigFile(shell, big);
            readOnly(shell, look);
            shelf(shell, vm, look);
            pauseAmidWrites(shell, vm);
            assertTrue(vm.metrics().shares().get("work").writtenBytes() >= BIG, vm.metrics()::toString);
            assertEquals("", shell.run("umount /w && umount /l && umount /s"));
            assertEquals("8", shell.run("mount -t virtiofs work /w; echo $((3 + 5)); umount /w"));
            power(shell, vm);
        }
    }

    /** As untar, cp, find and git do. */
    private void manySmallFiles(GuestShell shell) throws IOException {
        shell.run("mkdir -p /t/a/b /t/c; for d in a a/b c; do i=0; while [ $i -lt 60 ]; do echo $d $i >/t/$d/f$i; i=$((i + 1)); done; done; "
                + "ln -s f1 /t/c/link; ln /t/a/f0 /t/c/hard; chmod 750 /t/a/f7; (cd /t && tar cf /tree.tar .)");
        String sums = "find . -type f | sort | xargs md5sum | md5sum";
        String expected = shell.run("cd /t && " + sums + "; cd /");
        assertEquals(expected, shell.run("mkdir /w/t && cd /w/t && tar xf /tree.tar && " + sums + "; cd /"));
        shell.run("cp -a /w/t /w/copy");
        assertEquals("186 f1 750", shell.run("echo $(find /w/t | wc -l) $(readlink /w/t/c/link) $(stat -c %a /w/t/a/f7)"));
        assertEquals("changed", shell.run("echo new >/w/t/a/f3; mv /w/t/a/f4 /w/t/a/f5; "
                + "diff -rq /w/t /w/copy >/d; grep -q a/f3 /d && grep -q 'f4' /d && echo changed"));
        try (Stream<Path> files = Files.walk(work.resolve("t"))) {
            assertEquals(185, files.count());
        }
        assertEquals("new\n", Files.readString(work.resolve("t/a/f3")));
        assertTrue(Files.isSymbolicLink(work.resolve("t/c/link")));
        assertTrue(Files.isSameFile(work.resolve("t/a/f0"), work.resolve("t/c/hard")));
        shell.run("rm -r /w/copy /w/t");
        assertFalse(Files.exists(work.resolve("copy")));
    }

    /** Of the host's, in a folder and in another at a time. */
    private void manyFiles(GuestShell shell) throws IOException {
        Path many = Files.createDirectory(work.resolve("many"));
        for (int i = 0; i < 20_000; i++) {
            if (i < 200) {
                Files.createDirectory(many.resolve("d" + i));
            }
            Files.writeString(many.resolve("d" + i % 200).resolve("file-" + i), Integer.toString(i % 10));
        }
        assertEquals("20000", shell.run("find /w/many -type f >/n & find /l /s >/dev/null; wait; wc -l </n"));
        assertEquals("20000 77", shell.run("echo $(find /w/many -type f | wc -l) $(cat /w/many/d17/file-17 /w/many/d17/file-19817)"));
        assertEquals("", shell.run("rm -r /w/many/d5"));
        assertFalse(Files.exists(many.resolve("d5")));
        assertTrue(Files.exists(many.resolve("d6/file-19806")));
    }

    private void oneBigFile(GuestShell shell, byte[] big) throws Exception {
        assertTrue(shell.run("sha256sum /w/big").startsWith(sum(big)));
        shell.run("cp /w/big /w/back; cat /w/big >/big; dd if=/big of=/w/direct bs=1M 2>/dev/null; sync");
        assertEquals(sum(big), sum(Files.readAllBytes(work.resolve("back"))));
        assertEquals(sum(big), sum(Files.readAllBytes(work.resolve("direct"))));
        assertEquals("1000", shell.run("truncate -s 1000 /w/back; stat -c %s /w/back"));
        assertEquals(1000, Files.size(work.resolve("back")));
        assertTrue(shell.run("df /w | tail -1").startsWith("work "));
    }

    private static void readOnly(GuestShell shell, Path look) throws IOException {
        assertEquals("for reading", shell.run("cat /l/note"));
        assertTrue(shell.run("echo x >/l/note").contains("Read-only file system"));
        assertTrue(shell.run("rm /l/note").contains("Read-only file system"));
        assertTrue(shell.run("touch /l/new").contains("Read-only file system"));
        assertEquals("for reading\n", Files.readString(look.resolve("note")));
    }

    private static void shelf(GuestShell shell, Vm vm, Path look) throws IOException {
        assertEquals("", shell.run("ls /s"));
        vm.share("shelf").mount(look, "/deep/look", false);
        assertEquals("for reading", shell.run("cat /s/deep/look/note; touch /s/deep/look/made"));
        assertTrue(Files.exists(look.resolve("made")));
        vm.share("shelf").unmount("/deep/look");
        assertEquals("gone", shell.run("cat /s/deep/look/note 2>/dev/null || echo gone"));
    }

    private void pauseAmidWrites(GuestShell shell, Vm vm) throws Exception {
        shell.run("(dd if=/big of=/w/slowly bs=4k 2>/dev/null; echo over >/w/over) & true");
        vm.pause();
        byte[] still = Files.exists(work.resolve("slowly")) ? Files.readAllBytes(work.resolve("slowly")) : new byte[0];
        assertTrue(vm.await(Duration.ofSeconds(1)).isEmpty());
        assertEquals(still.length, Files.exists(work.resolve("slowly")) ? Files.size(work.resolve("slowly")) : 0, "a paused guest writes nothing");
        vm.resume();
        assertEquals("16777216", shell.run("wait; until [ -e /w/over ]; do usleep 10000; done; stat -c %s /w/slowly"));
    }

    /** Whose programs take locks, too: against the host's, by flock(2) and by fcntl(2). */
    @Test
    void aFolderIsTheRootFileSystem() throws Exception {
        Path root = Files.createDirectory(directory.resolve("root"));
        Process dump = new ProcessBuilder(List.of("debugfs", "-R", "rdump / " + root, LinuxGuest.image("guest/rootfs.ext4").toString()))
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        assertEquals(0, dump.waitFor());
        String script = "dmesg -n 1; grep ' / ' /proc/mounts; echo made >/made; cat /made\n"
                + "for file in flocked free; do socat -u - OPEN:/$file,flock-ex-nb </dev/null 2>/dev/null && echo flock $file || echo no flock $file; done\n"
                + "for file in locked free; do socat -u - OPEN:/$file,setlk-wr </dev/null 2>/dev/null && echo lock $file || echo no lock $file; done";
        try (Fd flocked = Fd.open(root.resolve("flocked"), Fd.O_RDWR | Fd.O_CREAT); Fd locked = Fd.open(root.resolve("locked"), Fd.O_RDWR | Fd.O_CREAT)) {
            Files.createFile(root.resolve("free"));
            assertTrue(flocked.tryLock());
            assertTrue(OfdLock.tryLock(locked, true));
            LinuxGuest.Outcome outcome = LinuxGuest.boot(LinuxGuest.machine(LinuxGuest.bzImage()).share(root, "rootdir")
                    .bootArgs("root=rootdir rootfstype=virtiofs rw " + LinuxGuest.arguments(script, "poweroff")), vm -> { });
            assertEquals(VmExitReason.POWEROFF, outcome.exit().reason(), outcome.output());
            assertTrue(outcome.answer().contains("rootdir / virtiofs rw"), outcome.answer());
            assertTrue(outcome.answer().endsWith("made\nno flock flocked\nflock free\nno lock locked\nlock free"), outcome.answer());
        }
        assertEquals("made\n", Files.readString(root.resolve("made"), StandardCharsets.UTF_8));
    }
}
