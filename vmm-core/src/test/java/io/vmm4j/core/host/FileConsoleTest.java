package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.devices.serial.SerialSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class FileConsoleTest {

    @TempDir
    private Path directory;

    private static void print(Path file, String text) throws IOException {
        try (FileConsole console = FileConsole.open(file)) {
            SerialSink sink = console.output();
            console.attach(new RecordingPort());
            text.chars().forEach(sink::write);
        }
    }

    @Test
    void whatTheGuestPrintsIsInTheFileBehindWhatWasThere() throws Exception {
        Path file = directory.resolve("out");
        print(file, "hello\n");
        assertEquals("hello\n", Files.readString(file));
        print(file, "again\n");
        assertEquals("hello\nagain\n", Files.readString(file));
    }

    @Test
    void aPipeNeedsNoReaderAndDelaysNoEnd() throws Exception {
        Path pipe = directory.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "mkfifo did not work");
        print(pipe, "x".repeat(200_000));
    }

    @Test
    void whatCannotBeOneIsRefusedByName() throws Exception {
        FileConsole.check(directory.resolve("new"));
        assertEquals("serial output file " + directory + " is a directory", assertThrows(IOException.class, () -> FileConsole.check(directory)).getMessage());
        Path missing = directory.resolve("no/file");
        assertEquals("serial output file " + missing + " is in a directory that does not exist",
                assertThrows(IOException.class, () -> FileConsole.check(missing)).getMessage());
        assertTrue(Files.notExists(directory.resolve("new")), "nothing is made by a look");
    }
}
