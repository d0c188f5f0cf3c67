package io.vmm4j.core.snapshot.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A state and a memory file that have places of their own, and what becomes of those that were there. */
class TwoFilesTest {

    @TempDir
    Path top;
    private Path state;
    private Path memory;

    @BeforeEach
    void name() {
        state = top.resolve("s");
        memory = top.resolve("m");
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(top)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private void save(Guest guest) throws Exception {
        try (SnapshotWriter writer = SnapshotWriter.create(state, memory)) {
            writer.full(guest.layout, guest, PageSet.full(guest.layout.pages()));
            writer.commit(Guest.LABEL, Guest.MACHINE);
        }
    }

    @Test
    void anErrorBetweenTwoFilesLeavesTheOldSnapshotWhole() throws Exception {
        Guest guest = Guest.of(3);
        guest.write(1, 1);
        save(guest);
        guest.write(1, 2);
        try (SnapshotWriter writer = SnapshotWriter.create(state, memory)) {
            writer.full(guest.layout, guest, PageSet.full(3));
            Files.move(state, top.resolve("kept"));
            Files.createDirectory(state);
            Files.createFile(state.resolve("in-the-way"));
            assertThrows(IOException.class, () -> writer.commit(Guest.LABEL, Guest.MACHINE));
        }
        Files.delete(state.resolve("in-the-way"));
        Files.delete(state);
        Files.move(top.resolve("kept"), state);
        try (SnapshotReader reader = SnapshotReader.open(state, memory)) {
            reader.verify(done -> { });
        }
        assertEquals(List.of("m", "s"), names());
        save(guest);
        assertEquals(List.of("m", "s"), names());
    }
}
