package io.vmm4j.core.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SilentMachineTest {

    @TempDir
    private Path directory;

    @Test
    void aSuspendedProcessIsKilledAndItsSocketRemoved() throws Exception {
        Path socket = directory.resolve("s");
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", System.getProperty("java.class.path"), ListeningProcess.class.getName(), socket.toString()).start();
        try {
            assertEquals("listening", process.inputReader(StandardCharsets.UTF_8).readLine());
            assertEquals(0, new ProcessBuilder("kill", "-STOP", String.valueOf(process.pid())).start().waitFor());
            assertEquals(process.pid(), SilentMachine.kill(socket));
            assertEquals(128 + 9, process.waitFor());
            assertFalse(Files.exists(socket, LinkOption.NOFOLLOW_LINKS));
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void whereNobodyListensNobodyIsKilled() {
        IOException refused = assertThrows(IOException.class, () -> SilentMachine.kill(directory.resolve("s")));
        assertTrue(refused.getMessage().startsWith("which process listens there cannot be seen: "), refused.getMessage());
    }
}
