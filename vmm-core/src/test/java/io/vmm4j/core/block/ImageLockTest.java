package io.vmm4j.core.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.OfdLock;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two processes and one image. */
@Timeout(60)
final class ImageLockTest {

    @TempDir
    private Path directory;
    private Path image;
    private Process other;

    @BeforeEach
    void makeImage() throws IOException {
        image = Files.write(directory.resolve("disk.img"), new byte[512]);
    }

    @AfterEach
    void endOther() throws Exception {
        if (other != null) {
            other.getOutputStream().close();
            other.waitFor(30, TimeUnit.SECONDS);
            other.destroyForcibly();
        }
    }

    private void openElsewhere(String mode) throws IOException {
        other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
                "-cp", System.getProperty("java.class.path"), ImageHolder.class.getName(), image.toString(), mode)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String line = new BufferedReader(new InputStreamReader(other.getInputStream())).readLine();
        assertEquals("open 512", line);
    }

    private String refusal(boolean readOnly) {
        return assertThrows(ImageInUseException.class, () -> DiskFile.open(image, readOnly, false).close()).getMessage();
    }

    @Test
    void anImageThatAnotherProcessWritesIsRefusedWithThatProcess() throws Exception {
        openElsewhere("rw");
        String expected = "in use by process " + other.pid() + " (java)";
        assertEquals(expected, refusal(false));
        assertEquals(expected, refusal(true));
        other.getOutputStream().close();
        other.waitFor();
        DiskFile.open(image, false, false).close();
    }

    @Test
    void anImageThatAnotherProcessReadsMayBeReadButNotWritten() throws Exception {
        openElsewhere("ro");
        DiskFile.open(image, true, false).close();
        assertEquals("in use by process " + other.pid() + " (java)", refusal(false));
    }

    private void openByQemu(String options) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-io")), "qemu-io (package qemu-utils) is not installed");
        List<String> command = new ArrayList<>(List.of("qemu-io"));
        command.addAll(List.of(options.split(" ")));
        command.add(image.toString());
        other = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        // It has said something only once the image is open.
        other.outputWriter().append("length\n").flush();
        assertTrue(new BufferedReader(new InputStreamReader(other.getInputStream())).readLine() != null);
    }

    private int qemu(String options) throws Exception {
        List<String> command = new ArrayList<>(List.of("qemu-io", "-c", "length"));
        command.addAll(List.of(options.split(" ")));
        command.add(image.toString());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        return process.waitFor();
    }

    @Test
    void anImageThatQemuWritesIsNeitherReadNorWritten() throws Exception {
        openByQemu("-f raw");
        String expected = "in use by process " + other.pid() + " (qemu-io)";
        assertEquals(expected, refusal(false));
        assertEquals(expected, refusal(true));
    }

    @Test
    void anImageThatQemuReadsMayBeReadHereToo() throws Exception {
        openByQemu("-r -f raw");
        DiskFile.open(image, true, false).close();
    }

    @Test
    void qemuReadsWhatIsReadHereAndWritesNeither() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-io")), "qemu-io (package qemu-utils) is not installed");
        try (DiskFile file = DiskFile.open(image, true, false)) {
            assertEquals(0, qemu("-r -f raw"));
            assertEquals(1, qemu("-f raw"));
            assertEquals(512, file.size());
        }
        try (DiskFile file = DiskFile.open(image, false, false)) {
            assertEquals(1, qemu("-f raw"));
            assertEquals(0, qemu("-r -U -f raw"), "which is asked for by name");
            assertEquals(512, file.size());
        }
        assertEquals(0, qemu("-f raw"));
    }

    @Test
    void whoLocksTheWholeFileIsMet() throws Exception {
        try (Fd whole = Fd.open(image, Fd.O_RDWR)) {
            assertTrue(OfdLock.tryLock(whole, true));
            assertEquals("in use by another drive of this process", refusal(true));
            assertTrue(OfdLock.tryLock(whole, false));
            refusal(false);
            DiskFile.open(image, true, false).close();
            OfdLock.unlock(whole);
            try (DiskFile file = DiskFile.open(image, false, false)) {
                assertFalse(OfdLock.tryLock(whole, false));
                assertEquals(512, file.size());
            }
        }
    }
}
