package io.vmm4j.core.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
