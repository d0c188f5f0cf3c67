package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code vmm shell}: Debian's kernel with its own modules and the host's busybox. */
@Tag("linux")
class ShellTest {

    private static final Duration PATIENCE = Duration.ofMinutes(6);

    @TempDir
    Path directory;

    private List<String> shell(String... more) {
        List<String> words = LinuxGuest.program("shell");
        words.add(1, "XDG_CACHE_HOME=" + directory.resolve("cache"));
        words.addAll(List.of(more));
        return words;
    }

    @Test
    void aCommandsInputOutputErrorsAndStatusAreItsOwn() throws Exception {
        byte[] data = new byte[50_000];
        new Random(14).nextBytes(data);
        Path input = Files.write(directory.resolve("input"), data);
        Path output = directory.resolve("output");
        Path errors = directory.resolve("errors");
        Process vmm = new ProcessBuilder(shell(LinuxGuest.bzImage().toString(), "--", "sh", "-c", "cat; echo \"it's $1\" >&2; exit 7", "sh", "a 'word'"))
                .directory(directory.toFile()).redirectInput(input.toFile()).redirectOutput(output.toFile()).redirectError(errors.toFile()).start();
        try {
            assertTrue(vmm.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), "it did not end; " + Files.readString(errors));
        } finally {
            vmm.destroyForcibly();
        }
        assertEquals("it's a 'word'\n", Files.readString(errors));
        assertEquals(-1, Files.mismatch(input, output), "the same bytes, " + Files.size(output) + " of " + data.length + ": "
                + Files.readString(output, StandardCharsets.ISO_8859_1).lines().findFirst().orElse(""));
        assertEquals(7, vmm.exitValue());
    }

    @Test
    void aPersonHasAShellOnTheTerminalInARootFileSystemAndItsStatusAtTheEnd() throws Exception {
        Path disk = Files.copy(LinuxGuest.image("guest/rootfs.ext4"), directory.resolve("root.img"));
        try (TerminalSession session = new TerminalSession(directory, shell(LinuxGuest.vmlinux().toString(), "--rootfs", disk.toString()))) {
            session.awaitText("# ", PATIENCE);
            session.type("echo on-$(tty) root-$(grep -c '/dev/vda /.* ext4' /proc/mounts)\n");
            session.awaitText("on-/dev/hvc0 root-1", PATIENCE);
            session.type("exit 3\n");
            assertEquals(3, session.awaitEnd(PATIENCE), session::screen);
            assertTrue(session.isTerminalAsItWas(), "the terminal was left changed");
        }
    }
}
