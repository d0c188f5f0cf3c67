package io.vmm4j.core.snapshot.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Saves that end early: killed, and on a disk that gets full, both in processes of their own. */
@Timeout(180)
class SnapshotCrashTest {

    private static final int KILLS = 15;
    private static final int LONGEST_MILLIS = 150;
    private static final int PAGES = 4000;

    @TempDir
    Path top;

    private static Process start(Class<?> main, List<String> before, String argument) throws IOException {
        List<String> words = new ArrayList<>(before);
        words.addAll(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString(), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto",
                "-cp", System.getProperty("java.class.path"), main.getName(), argument));
        return new ProcessBuilder(words).redirectErrorStream(true).start();
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** Saves again and again to the place given, and says a line before each. */
    static final class Saver {
        public static void main(String[] arguments) throws Exception {
            Guest guest = Guest.of(PAGES);
            // What the first save of a JVM loads takes longer than the save.
            guest.saveFull(Path.of(arguments[0] + "-first"));
            for (int i = 1; ; i++) {
                guest.writeSome(new Random(i), 500);
                System.out.println("saving");
                guest.saveFull(Path.of(arguments[0]));
            }
        }
    }

    @Test
    void aSaveThatIsKilledLeavesAllOrNothing() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int complete = 0;
        int left = 0;
        for (int i = 0; i < KILLS; i++) {
            // To a place of its own every other time: the first save is no replacement.
            Path directory = top.resolve(i % 2 == 0 ? "snap" : "snap" + i);
            Process saver = start(Saver.class, List.of(), directory.toString());
            try (BufferedReader said = saver.inputReader()) {
                assertEquals("saving", said.readLine());
                saver.waitFor(random.nextInt(LONGEST_MILLIS), TimeUnit.MILLISECONDS);
            } finally {
                saver.destroyForcibly().waitFor();
            }
            if (Files.exists(directory)) {
                complete++;
                try (SnapshotReader reader = SnapshotReader.open(directory)) {
                    reader.verify(done -> { });
                    assertEquals(Guest.MACHINE, reader.machine(), "seed " + seed);
                }
            }
            String prefix = "." + directory.getFileName() + ".partial-";
            left += (int) names(top).stream().filter(name -> name.startsWith(prefix)).count();
            Guest.of(3).saveFull(directory);
            assertTrue(names(top).stream().noneMatch(name -> name.startsWith(prefix)), "what was left goes with the next save; seed " + seed);
        }
        assertTrue(complete > 0 && left > 0, complete + " complete and " + left + " left over, of which there should be some; seed " + seed);
    }

    /** Has a file system of some pages, and saves with one more of them free each time, until that is enough. */
    static final class SaverWithoutRoom {
        private static final int PAGE = 4096;
        private static final int ALL = 80;

        public static void main(String[] arguments) throws Exception {
            Path disk = Path.of(arguments[0]);
            require(new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=" + ALL * PAGE, "tmpfs", disk.toString()).inheritIO().start().waitFor() == 0,
                    "no mount");
            Path snapshot = disk.resolve("snap");
            Guest guest = Guest.of(100);
            guest.write(1, 1);
            SnapshotId first = guest.saveFull(snapshot).id();
            for (int page = 0; page < 40; page += 2) {
                guest.write(page, 2);
            }
            int failed = 0;
            for (int free = 0; ; free++) {
                fill(disk.resolve("filler"), disk.toFile().getUsableSpace() / PAGE, free);
                PageSet dirty = guest.dirty.copy();
                try {
                    guest.saveDiff(snapshot, first);
                    break;
                } catch (SnapshotFileException e) {
                    failed++;
                    String message = e.getMessage();
                    require(message.startsWith(snapshot.toString()) && message.endsWith("No space left on device (ENOSPC)"), message);
                    require(guest.dirty.equals(dirty), "the pages to be saved are forgotten");
                    require(names(disk).equals(List.of("filler", "snap")), names(disk).toString());
                    try (SnapshotReader reader = SnapshotReader.open(snapshot)) {
                        reader.verify(done -> { });
                        require(reader.info().id().equals(first), "another snapshot");
                    }
                    Files.delete(disk.resolve("filler"));
                }
            }
            System.out.println("failed " + failed);
        }

        private static void fill(Path file, long room, int free) throws IOException {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.allocate((int) Math.max(0, room - free) * PAGE));
            }
        }

        private static void require(boolean isSo, String otherwise) {
            if (!isSo) {
                throw new AssertionError(otherwise);
            }
        }
    }

    @Test
    void aFullDiskAtAnyWriteLeavesWhatWasThere() throws Exception {
        List<String> own = List.of("unshare", "--mount", "--map-root-user");
        List<String> trial = new ArrayList<>(own);
        trial.addAll(List.of("mount", "-t", "tmpfs", "tmpfs", top.toString()));
        assumeTrue(new ProcessBuilder(trial).start().waitFor() == 0, "file systems cannot be mounted here");
        Process saver = start(SaverWithoutRoom.class, own, top.toString());
        String said = new String(saver.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, saver.waitFor(), said);
        // 20 pages of memory, each a write, and the state.
        assertEquals("failed 21\n", said);
    }
}
