package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.snapshot.file.SnapshotInfo;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code vmm snapshot info}, {@code verify} and {@code merge}, and what {@code vmm restore} refuses before there is a machine. */
@Timeout(60)
class SnapshotFilesTest {

    @TempDir
    private Path directory;

    /** Status, output and errors. */
    private static String run(String... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        ExitCode status = new Cli("vmm", new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8)).run(words);
        return status.code() + "|" + out.toString(StandardCharsets.UTF_8) + "|" + err.toString(StandardCharsets.UTF_8);
    }

    private String path(String name) {
        return directory.resolve(name).toString();
    }

    @Test
    void informationIsForPeopleOrForScripts() throws Exception {
        SnapshotInfo full = SavedSnapshot.full(directory.resolve("full"), 1, 2, 3);
        SnapshotInfo diff = SavedSnapshot.diff(directory.resolve("diff"), full.id(), 7);
        assertEquals("0|name: web\nkind: full\nid: " + full.id() + "\ncreated: " + full.created() + "\nprogram: vmm4j " + full.program()
                + ", format 1\nvcpus: 2\nmemory: 1 MiB, of which 12 KiB are in it\ndevices: rtc, serial\n|", run("snapshot", "info", path("full")));
        assertEquals("0|{\"name\":\"web\",\"id\":\"" + diff.id() + "\",\"base\":\"" + full.id() + "\",\"created\":\"" + diff.created() + "\",\"program\":\""
                + diff.program() + "\",\"format\":1,\"vcpu_count\":2,\"memory_bytes\":1048576,\"used_bytes\":4096,\"devices\":[\"rtc\",\"serial\"]}\n|",
                run("snapshot", "info", path("diff"), "--json"));
        assertTrue(run("snapshot", "info", path("diff")).contains("\nkind: a diff to " + full.id() + "\n"));
    }

    @Test
    void aDamagedByteIsFoundByVerifying() throws Exception {
        SavedSnapshot.full(directory.resolve("full"), 1, 2, 3);
        assertEquals("0|" + path("full") + ": 12 KiB of memory are as they were saved\n|", run("snapshot", "verify", path("full")));
        byte[] memory = Files.readAllBytes(directory.resolve("full/memory"));
        memory[2 * SavedSnapshot.PAGE + 5] ^= 1;
        Files.write(directory.resolve("full/memory"), memory);
        assertEquals("2||vmm: " + path("full/memory") + " is damaged between its bytes 0 and 1048576\n", run("snapshot", "verify", path("full")));
    }

    @Test
    void aMergeIsWhatTheLastDiffIsOf() throws Exception {
        SnapshotInfo full = SavedSnapshot.full(directory.resolve("full"), 1, 2, 3);
        SnapshotInfo diff = SavedSnapshot.diff(directory.resolve("diff"), full.id(), 7, 0);
        SnapshotInfo second = SavedSnapshot.diff(directory.resolve("second"), diff.id(), 9);
        assertEquals("0||", run("snapshot", "merge", path("full"), path("diff"), path("second"), path("out")));
        byte[] memory = Files.readAllBytes(directory.resolve("out/memory"));
        assertEquals(List.of(9, 0, 3, 0), Stream.of(0, 1, 2, 3).map(page -> (int) memory[page * SavedSnapshot.PAGE]).toList());
        assertTrue(run("snapshot", "info", path("out")).contains("\nkind: full\nid: " + second.id() + "\n"));
        assertEquals("2||vmm: " + path("out") + " is there already\n", run("snapshot", "merge", path("full"), path("diff"), path("out")));
        assertEquals("0||", run("snapshot", "merge", "--replace", path("full"), path("diff"), path("out")));
        assertTrue(run("snapshot", "info", path("out")).contains("\nid: " + diff.id() + "\n"));
    }

    @Test
    void whatDoesNotFitIsNotMergedAndNothingIsLeft() throws Exception {
        SnapshotInfo full = SavedSnapshot.full(directory.resolve("full"), 1);
        SnapshotInfo other = SavedSnapshot.full(directory.resolve("other"), 1);
        SavedSnapshot.diff(directory.resolve("diff"), other.id(), 7);
        assertEquals("2||vmm: " + path("diff") + " is a diff to snapshot " + other.id() + ", and " + path("full") + " is snapshot " + full.id() + "\n",
                run("snapshot", "merge", path("full"), path("diff"), path("out")));
        assertEquals("2||vmm: " + path("nowhere/out") + " cannot be made: there is no directory " + path("nowhere") + "\n",
                run("snapshot", "merge", path("other"), path("diff"), path("nowhere/out")));
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of("diff", "full", "other"), files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    /** Each kind of thing that is no snapshot, by what it is asked for. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "nothing|nothing cannot be opened: No such file or directory",
        "file|file is not a directory, and so no snapshot",
        "empty|empty is no snapshot: it has no file state",
        "short|short/memory has 4096 bytes, and its state says 1048576: it was cut short or is another snapshot's",
        "newer|newer/state was written by vmm4j 7.0 in format 9, and this vmm4j ",
        "damaged|damaged/state is damaged",
        "linked|linked/state is a symbolic link, which a snapshot has none of",
    })
    void whatIsNoSnapshotIsOneLine(String name, String line) throws Exception {
        make(name);
        for (String command : List.of("snapshot info", "snapshot verify", "restore")) {
            String[] words = (command + " " + path(name)).split(" ");
            String printed = run(words);
            assertTrue(printed.startsWith("2||vmm: " + directory + "/" + line) && printed.lines().count() == 1, command + ": " + printed);
        }
    }

    private void make(String name) throws Exception {
        Path place = directory.resolve(name);
        switch (name) {
            case "nothing" -> { }
            case "file" -> Files.createFile(place);
            case "empty" -> Files.createDirectory(place);
            default -> spoil(name, place);
        }
    }

    private static void spoil(String name, Path place) throws Exception {
        SavedSnapshot.full(place, 1, 2);
        Path state = place.resolve("state");
        byte[] bytes = Files.readAllBytes(state);
        switch (name) {
            case "short" -> Files.write(place.resolve("memory"), new byte[SavedSnapshot.PAGE]);
            case "newer" -> {
                bytes[12] = 9;
                System.arraycopy("7.0\0\0\0\0\0\0\0\0\0\0\0".getBytes(StandardCharsets.US_ASCII), 0, bytes, 24, 14);
                CRC32C sum = new CRC32C();
                sum.update(bytes, 0, 8);
                sum.update(bytes, 12, bytes.length - 12);
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(8, (int) sum.getValue());
                Files.write(state, bytes);
            }
            case "damaged" -> {
                bytes[100] ^= 1;
                Files.write(state, bytes);
            }
            default -> Files.createSymbolicLink(state, Files.move(state, place.resolveSibling("elsewhere")));
        }
    }

    @Test
    void aDiffAndWhatIsNoMachinesCannotBeRestored() throws Exception {
        SnapshotInfo full = SavedSnapshot.full(directory.resolve("full"), 1);
        SavedSnapshot.diff(directory.resolve("diff"), full.id(), 7);
        assertEquals("2||vmm: " + path("diff") + " is only what differs from snapshot " + full.id() + ": merge it with that one first\n",
                run("restore", path("diff")));
        String printed = run("restore", path("full"));
        assertTrue(printed.startsWith("2||vmm: " + path("full") + " is no machine's: ") && printed.lines().count() == 1, printed);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "restore|a directory is missing: restore DIR",
        "restore a b|unexpected argument \"b\"",
        "restore a --replace|option --replace does not go with the command restore",
        "restore --vcpu 2 a|option --vcpu does not go with the command restore",
        "snapshot info|a directory is missing: snapshot info DIR, or ./info for one called so",
        "snapshot info a b|unexpected argument \"b\"",
        "snapshot verify|a directory is missing: snapshot verify DIR, or ./verify for one called so",
        "snapshot verify --json a|option --json does not go with the command snapshot verify",
        "snapshot merge a b|directories are missing: snapshot merge BASE DIFF OUT",
        "snapshot merge a b c --stop|option --stop does not go with the command snapshot merge",
        "--paused create|option --paused does not go with the command create",
        "--only-named|option --only-named goes with the command restore",
    })
    void whatCannotBeIsOneLineAndStatusTwo(String words, String line) {
        String printed = run(words.split(" "));
        assertTrue(printed.startsWith("2||vmm: " + line + "\n"), printed);
        assertFalse(printed.contains("\n\n"), printed);
    }
}
