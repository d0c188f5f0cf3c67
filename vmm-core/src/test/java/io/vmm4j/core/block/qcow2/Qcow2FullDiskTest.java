package io.vmm4j.core.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The host has no more room for the file: here a limit of 1 MiB on its size, which fails as a full disk does, with another errno. */
final class Qcow2FullDiskTest {

    @TempDir
    private Path directory;

    @Test
    void writesThatHaveNoRoomFailAndNothingElseIsLost() throws Exception {
        Qemu.require();
        Path image = directory.resolve("disk.qcow2");
        Qemu.create(image, "-o cluster_size=4k", "4M");
        Process process = new ProcessBuilder("bash", "-c", "ulimit -f 2048; exec \"$@\"", "bash",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:-UsePerfData", "-cp", System.getProperty("java.class.path"),
                FullDisk.class.getName(), image.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String said = new String(process.getInputStream().readAllBytes()).strip();
        assertEquals(0, process.waitFor(), said);
        assertTrue(Integer.parseInt(said) > 200, said);
        Qemu.check(image);
    }
}
