package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A container image of the host's busybox, as {@code docker save} writes one, run in a guest on Debian's kernel. */
@Tag("linux")
class ContainerImageTest {

    private static final Duration PATIENCE = Duration.ofMinutes(8);

    @TempDir
    Path directory;

    private static void add(TarArchiveOutputStream tar, String name, byte[] content, int mode) throws IOException {
        TarArchiveEntry entry = new TarArchiveEntry(name);
        entry.setSize(content.length);
        entry.setMode(mode);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
    }

    private static void add(TarArchiveOutputStream tar, String name, String content) throws IOException {
        add(tar, name, content.getBytes(StandardCharsets.UTF_8), 0644);
    }

    private static Path busybox() {
        Path busybox = Path.of("/bin/busybox");
        assumeTrue(Files.isRegularFile(busybox), "no /bin/busybox");
        return busybox;
    }

    private Path image() throws Exception {
        ByteArrayOutputStream layer = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(layer)) {
            add(tar, "opt/bin/busybox", Files.readAllBytes(busybox()), 0755);
            TarArchiveEntry link = new TarArchiveEntry("opt/bin/sh", (byte) '2');
            link.setLinkName("/opt/bin/busybox");
            tar.putArchiveEntry(link);
            tar.closeArchiveEntry();
            add(tar, "etc/passwd", "app:x:1000:1001::/home/app:/bin/sh\n");
            add(tar, "etc/group", "app:x:1001:\nmore:x:27:app\n");
        }
        String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(layer.toByteArray()));
        Path image = directory.resolve("app.tar");
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(image))) {
            add(tar, "layer.tar", layer.toByteArray(), 0644);
            add(tar, "config.json", "{\"config\": {\"User\": \"app\", \"Env\": [\"PATH=/opt/bin\", \"WHO=it's me\"], \"Entrypoint\": [\"sh\", \"-c\"], "
                    + "\"Cmd\": [\"exit 3\"], \"WorkingDir\": \"/srv/here\"}, \"rootfs\": {\"diff_ids\": [\"sha256:" + sum + "\"]}}");
            add(tar, "manifest.json", "[{\"Config\": \"config.json\", \"RepoTags\": [\"app:1\"], \"Layers\": [\"layer.tar\"]}]");
        }
        return image;
    }

    @Test
    void anImagesProgramRunsAsTheImageSaysAndItsStatusIsThatOfTheMachine() throws Exception {
        Path output = directory.resolve("output");
        var words = LinuxGuest.program("--kernel-path", LinuxGuest.bzImage().toString(), "--rootfs", image().toString(), "--",
                "echo \"$WHO $(busybox id -u):$(busybox id -g) $(busybox id -G) $PWD $HOME\"; exit 7");
        words.add(1, "XDG_CACHE_HOME=" + directory.resolve("cache"));
        Process vmm = new ProcessBuilder(words).directory(directory.toFile()).redirectErrorStream(true).redirectOutput(output.toFile())
                .redirectInput(Path.of("/dev/null").toFile()).start();
        try {
            assertTrue(vmm.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), () -> "it did not end; " + said(output));
        } finally {
            vmm.destroyForcibly();
        }
        assertTrue(said(output).contains("it's me 1000:1001 1001 27 /srv/here /home/app\n"), () -> said(output));
        assertEquals(7, vmm.exitValue(), () -> said(output));
    }

    private static String said(Path output) {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
