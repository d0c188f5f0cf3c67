package io.vmm4j.core.snapshot.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.Mapping;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotFilesTest {

    private static final int PAGE = PageSet.PAGE_SIZE;
    private static final long GIB = 1L << 30;

    @TempDir
    Path top;

    private Path directory() {
        return top.resolve("snap");
    }

    private static String refusal(Path directory) {
        return oneLine(assertThrows(SnapshotFileException.class, () -> SnapshotReader.open(directory).close()));
    }

    private static String oneLine(IOException e) {
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        return e.getMessage();
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(top)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @RepeatedTest(10)
    void memoryComesBackAsItWas() throws Exception {
        long seed = System.nanoTime();
        Guest guest = Guest.of(2000);
        guest.writeSome(new Random(seed), 400);
        SnapshotInfo written = guest.saveFull(directory());
        assertTrue(Guest.isSame(guest.pages, Guest.read(directory())), "seed " + seed);
        try (SnapshotReader reader = SnapshotReader.open(directory())) {
            reader.verify(done -> { });
            assertEquals(written, reader.info());
            assertEquals(Guest.MACHINE, reader.machine());
            assertEquals(guest.layout, reader.layout());
            assertEquals(guest.pages.size() * (long) PAGE, reader.info().usedBytes());
        }
        assertEquals(List.of("snap"), names());
    }

    @Test
    void aSnapshotSaysWhatItIs() throws Exception {
        SnapshotInfo info = Guest.of(3).saveFull(directory());
        assertEquals(Guest.LABEL, info.label());
        assertEquals(3L * PAGE, info.memoryBytes());
        assertEquals(0, info.usedBytes());
        assertFalse(info.isDiff());
        assertEquals(info, SnapshotReader.describe(directory().resolve("state")));
        assertTrue(info.program().matches("\\d.*"), info.program());
    }

    @Test
    void onlyItsOwnerCanReadIt() throws Exception {
        Guest.of(3).saveFull(directory());
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory())));
        for (String file : List.of("state", "memory")) {
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory().resolve(file))));
        }
    }

    @Test
    void anErrorBetweenTwoFilesLeavesTheOldSnapshotWhole() throws Exception {
        Path state = top.resolve("s");
        Path memory = top.resolve("m");
        Guest guest = Guest.of(3);
        guest.write(1, 1);
        save(guest, state, memory);
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
        save(guest, state, memory);
        assertEquals(List.of("m", "s"), names());
    }

    @Test
    void pagesOfZerosTakeNoRoom() throws Exception {
        Guest guest = Guest.of(100_000);
        guest.write(7, 1);
        guest.write(99_999, 1);
        guest.saveFull(directory());
        try (Fd file = Fd.open(directory().resolve("memory"), Fd.O_RDONLY)) {
            assertEquals(100_000L * PAGE, file.stat().size());
            assertTrue(file.stat().blocks() * 512 <= 16L * PAGE, file.stat()::toString);
        }
    }

    @Test
    void fiveGibibytesOnBothSidesOfTheHole() throws Exception {
        Guest guest = new Guest(new MemoryLayout(List.of(new MemoryLayout.Region(0, 3 * GIB), new MemoryLayout.Region(4 * GIB, 2 * GIB))));
        for (long page : List.of(0L, 786_431L, 786_432L, 1_000_000L, 1_310_719L)) {
            guest.write(page, 5);
        }
        PageSet written = guest.dirty.copy();
        try (SnapshotWriter writer = SnapshotWriter.create(directory(), false)) {
            writer.full(guest.layout, guest, written);
            writer.commit(Guest.LABEL, Guest.MACHINE);
        }
        assertTrue(Guest.isSame(guest.pages, Guest.read(directory())));
        try (SnapshotReader reader = SnapshotReader.open(directory())) {
            assertEquals(5 * GIB, reader.memory().stat().size());
            assertEquals(3 * GIB, reader.layout().offset(1));
            assertEquals(4 * GIB, reader.layout().regions().get(1).gpa());
            reader.verify(done -> { });
        }
    }

    @Test
    void mappedMemoryIsReadWhereItsFileHasPages() throws Exception {
        long size = 64L << 20;
        try (Fd file = Fd.open(top, Fd.O_TMPFILE | Fd.O_RDWR, 0600)) {
            file.truncate(size);
            try (Mapping mapping = Mapping.shared(file.value(), size)) {
                mapping.buffer(5 << 20, PAGE).putLong(0, 0x1234);
                mapping.buffer(size - PAGE, PAGE).put(PAGE - 1, (byte) 1);
                MemoryLayout layout = new MemoryLayout(List.of(new MemoryLayout.Region(0, size)));
                try (SnapshotWriter writer = SnapshotWriter.create(directory(), false)) {
                    writer.full(layout, PageSource.of(mapping, file), PageSet.full(layout.pages()));
                    assertEquals(2L * PAGE, writer.commit(Guest.LABEL, Guest.MACHINE).usedBytes());
                }
            }
            assertTrue(file.stat().blocks() * 512 < 1 << 20, "reading has allocated what nobody wrote");
        }
        assertEquals(List.of(1280L, size / PAGE - 1), Guest.read(directory()).keySet().stream().sorted().toList());
    }

    @Test
    void progressGoesToTheEnd() throws Exception {
        Guest guest = Guest.of(2000);
        guest.write(5, 1);
        guest.write(1500, 1);
        AtomicLong last = new AtomicLong();
        try (SnapshotWriter writer = SnapshotWriter.create(directory(), false)) {
            writer.onProgress(done -> {
                assertTrue(done >= last.get());
                last.set(done);
            });
            writer.full(guest.layout, guest, PageSet.full(2000));
            assertEquals(2000L * PAGE, last.get());
        }
    }

    @Test
    void aMemoryFileThatWasCutShortIsRefusedOnOpening() throws Exception {
        Guest.of(30).saveFull(directory());
        try (RandomAccessFile file = new RandomAccessFile(directory().resolve("memory").toFile(), "rw")) {
            file.setLength(29L * PAGE);
        }
        String message = refusal(directory());
        assertTrue(message.contains("memory has 118784 bytes, and its state says 122880: it was cut short"), message);
    }

    @Test
    void anotherSnapshotsMemoryIsRefusedOnOpening() throws Exception {
        Guest guest = Guest.of(30);
        guest.write(4, 1);
        guest.saveFull(directory());
        guest.write(4, 2);
        guest.saveFull(top.resolve("other"));
        Files.copy(top.resolve("other/memory"), directory().resolve("memory"), StandardCopyOption.REPLACE_EXISTING);
        assertTrue(refusal(directory()).contains("page 4 is not what its state says"));
    }

    /** Pages that opening does not look at, and one that should be zeros. */
    @Test
    void damageIsFoundWhereItIs() throws Exception {
        Guest guest = Guest.of(3000);
        for (int page = 0; page < 1200; page++) {
            guest.write(page, 1);
        }
        guest.saveFull(directory());
        for (long at : new long[] {600L * PAGE + 77, 2000L * PAGE}) {
            byte[] before = new byte[1];
            try (RandomAccessFile file = new RandomAccessFile(directory().resolve("memory").toFile(), "rw")) {
                file.seek(at);
                file.readFully(before);
                file.seek(at);
                file.write(before[0] ^ 1);
                try (SnapshotReader reader = SnapshotReader.open(directory())) {
                    String message = oneLine(assertThrows(SnapshotFileException.class, () -> reader.verify(done -> { })));
                    long chunk = at >>> 21 << 21;
                    assertTrue(message.endsWith("memory is damaged between its bytes " + chunk + " and " + Math.min(3000L * PAGE, chunk + (2 << 20))), message);
                }
                file.seek(at);
                file.write(before);
            }
        }
    }

    /** As cp --sparse=never makes it. */
    @Test
    void zerosThatAreNoHolesAreNoDamage() throws Exception {
        Guest guest = Guest.of(3000);
        guest.write(1000, 1);
        guest.saveFull(directory());
        byte[] all = Files.readAllBytes(directory().resolve("memory"));
        Files.write(directory().resolve("memory"), all);
        try (SnapshotReader reader = SnapshotReader.open(directory())) {
            reader.verify(done -> { });
        }
    }

    @Test
    void whatIsNoSnapshotIsRefusedByName() throws Exception {
        assertTrue(refusal(directory()).contains("snap cannot be opened: No such file or directory"));
        Files.createDirectory(directory());
        assertTrue(refusal(directory()).contains("snap is no snapshot: it has no file state"));
        Files.createDirectory(directory().resolve("state"));
        assertTrue(refusal(directory()).contains("state is not a regular file"));
        Files.write(top.resolve("file"), new byte[3]);
        assertTrue(refusal(top.resolve("file")).contains("file is not a directory"));
    }

    @Test
    void linksInsideAreNotFollowed() throws Exception {
        Guest.of(3).saveFull(directory());
        for (String name : List.of("state", "memory")) {
            Path file = directory().resolve(name);
            Path elsewhere = Files.move(file, top.resolve(name + "-elsewhere"));
            Files.createSymbolicLink(file, elsewhere);
            assertTrue(refusal(directory()).endsWith(name + " is a symbolic link, which a snapshot has none of"));
            Files.delete(file);
            Files.move(elsewhere, file);
        }
        SnapshotReader.open(directory()).close();
    }

    @Test
    void filesAtPlacesOfTheirOwn() throws Exception {
        Path state = top.resolve("vm.state");
        Path memory = Files.createDirectory(top.resolve("elsewhere")).resolve("vm.mem");
        Guest guest = Guest.of(50);
        guest.write(3, 1);
        SnapshotId first = save(guest, state, memory);
        try (SnapshotReader old = SnapshotReader.open(state, memory)) {
            guest.write(3, 2);
            guest.write(9, 2);
            SnapshotId second = save(guest, state, memory);
            old.verify(done -> { });
            assertEquals(first, old.info().id());
            try (SnapshotReader reader = SnapshotReader.open(state, memory)) {
                reader.verify(done -> { });
                assertEquals(second, reader.info().id());
            }
        }
        guest.dirty = new PageSet(50);
        guest.write(3, 0);
        try (SnapshotWriter writer = SnapshotWriter.create(top.resolve("diff.state"), top.resolve("diff.mem"))) {
            writer.diff(guest.layout, guest, guest.dirty, first);
            writer.commit(Guest.LABEL, Guest.MACHINE);
        }
        try (SnapshotReader reader = SnapshotReader.open(top.resolve("diff.state"), top.resolve("diff.mem"))) {
            assertEquals(guest.dirty, reader.pages().orElseThrow());
            assertEquals(first, reader.info().base().orElseThrow());
        }
        assertEquals(List.of("diff.mem", "diff.state", "elsewhere", "vm.state"), names());
        oneLine(assertThrows(SnapshotFileException.class, () -> SnapshotWriter.create(state, state)));
        oneLine(assertThrows(SnapshotFileException.class, () -> SnapshotWriter.create(state, top.resolve("elsewhere"))));
        oneLine(assertThrows(SnapshotFileException.class, () -> SnapshotWriter.create(state, top.resolve("nowhere/x"))));
        assertEquals(List.of("diff.mem", "diff.state", "elsewhere", "vm.state"), names());
    }

    private static SnapshotId save(Guest guest, Path state, Path memory) throws Exception {
        try (SnapshotWriter writer = SnapshotWriter.create(state, memory)) {
            writer.full(guest.layout, guest, PageSet.full(guest.layout.pages()));
            return writer.commit(Guest.LABEL, Guest.MACHINE).id();
        }
    }

    @Test
    void whatIsMappedStaysWhenAnotherTakesThePlace() throws Exception {
        Guest guest = Guest.of(10);
        guest.write(2, 1);
        byte[] before = guest.pages.get(2L);
        guest.saveFull(directory());
        try (SnapshotReader reader = SnapshotReader.open(directory());
                Mapping mapping = Mapping.map(reader.memory().value(), 0, guest.size(), Mapping.PROT_READ, Mapping.MAP_PRIVATE)) {
            guest.write(2, 2);
            guest.saveFull(directory());
            byte[] mapped = new byte[PAGE];
            mapping.buffer(2 * PAGE, PAGE).get(mapped);
            assertArrayEquals(before, mapped);
        }
        assertTrue(Guest.isSame(guest.pages, Guest.read(directory())));
        assertEquals(List.of("snap"), names());
    }

    @Test
    void oneThatIsThereIsReplacedOnlyWhenAsked() throws Exception {
        Guest guest = Guest.of(10);
        SnapshotId first = guest.saveFull(directory()).id();
        assertTrue(oneLine(assertThrows(SnapshotFileException.class, () -> SnapshotWriter.create(directory(), false))).endsWith("snap is there already"));
        Files.write(directory().resolve("notes"), new byte[1]);
        assertTrue(oneLine(assertThrows(SnapshotFileException.class, () -> SnapshotWriter.create(directory(), true))).contains("it has notes in it"));
        Files.delete(directory().resolve("notes"));
        Files.createSymbolicLink(top.resolve("link"), directory());
        assertTrue(oneLine(assertThrows(SnapshotFileException.class, () -> SnapshotWriter.create(top.resolve("link"), true))).contains("not a directory"));
        Path empty = Files.createDirectory(top.resolve("empty"));
        guest.saveFull(empty);
        SnapshotReader.open(empty).close();
        try (SnapshotReader reader = SnapshotReader.open(directory())) {
            assertEquals(first, reader.info().id());
        }
        assertEquals(List.of("empty", "link", "snap"), names());
    }

    @Test
    void whatWasNotCommittedLeavesNothing() throws Exception {
        Guest guest = Guest.of(10);
        SnapshotId first = guest.saveFull(directory()).id();
        try (SnapshotWriter writer = SnapshotWriter.create(directory(), true)) {
            writer.full(guest.layout, guest, PageSet.full(10));
        }
        try (SnapshotReader reader = SnapshotReader.open(directory())) {
            assertEquals(first, reader.info().id());
        }
        assertEquals(List.of("snap"), names());
    }

    @Test
    void aSourceThatFailsLeavesNothingAndIsNamed() throws Exception {
        Guest guest = Guest.of(1000);
        PageSource failing = new PageSource() {
            @Override
            public long size() {
                return guest.size();
            }

            @Override
            public ByteBuffer read(long offset, int length) throws IOException {
                if (offset > 0) {
                    throw new IOException("no more");
                }
                return guest.read(offset, length);
            }
        };
        guest.write(3, 1);
        try (SnapshotWriter writer = SnapshotWriter.create(directory(), false)) {
            IOException e = assertThrows(SnapshotFileException.class, () -> writer.full(guest.layout, failing, PageSet.full(1000)));
            assertTrue(oneLine(e).endsWith("memory cannot be written: no more"), e.getMessage());
        }
        assertEquals(List.of(), names());
    }

    @Test
    void leftOversOfTheDeadGoAndThoseOfTheLivingStay() throws Exception {
        Path dead = Files.createDirectory(top.resolve(".snap.partial-0123abcd"));
        Files.write(dead.resolve("state"), new byte[1]);
        Files.write(dead.resolve("memory"), new byte[1]);
        Path anothers = Files.createDirectory(top.resolve(".snap2.partial-0123abcd"));
        Path named = Files.createDirectory(top.resolve(".snap.partial-mine"));
        Guest guest = Guest.of(10);
        try (SnapshotWriter living = SnapshotWriter.create(directory(), true)) {
            assertFalse(Files.exists(dead));
            living.full(guest.layout, guest, PageSet.full(10));
            guest.saveFull(directory());
            living.commit(Guest.LABEL, Guest.MACHINE);
            try (SnapshotReader reader = SnapshotReader.open(directory())) {
                assertEquals(living.id(), reader.info().id());
            }
        }
        Files.delete(anothers);
        Files.delete(named);
        assertEquals(List.of("snap"), names());
    }

    @Test
    void readersAndWritersOfOnePlaceNeverMix() throws Exception {
        Guest guest = Guest.of(600);
        guest.write(1, 1);
        guest.write(550, 1);
        guest.saveFull(directory());
        Thread writer = new Thread(() -> {
            try {
                for (int i = 2; i < 30; i++) {
                    guest.write(1, i);
                    guest.write(550, i);
                    guest.saveFull(directory());
                }
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        writer.start();
        while (writer.isAlive()) {
            try (SnapshotReader reader = SnapshotReader.open(directory())) {
                reader.verify(done -> { });
            }
        }
        writer.join();
    }

    @Test
    void aPlaceWithoutAParentIsNamed() {
        String message = oneLine(assertThrows(SnapshotFileException.class, () -> SnapshotWriter.create(top.resolve("a/b"), false)));
        assertTrue(message.contains("there is no directory " + top.resolve("a")), message);
    }

    @Test
    void namesOfAnyLengthHaveRoom() throws Exception {
        Path longest = top.resolve("n".repeat(255));
        Guest guest = Guest.of(5);
        guest.write(1, 1);
        guest.saveFull(longest);
        guest.saveFull(longest);
        assertTrue(Guest.isSame(guest.pages, Guest.read(longest)));
        Map<Long, byte[]> nothing = Map.of();
        assertFalse(Guest.isSame(nothing, Guest.read(longest)));
    }
}
