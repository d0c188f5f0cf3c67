package io.vmm4j.core.share;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guests, and neighbours of theirs on the host, that try to get out of a folder. */
final class ShareContainmentTest {

    private static final String SECRET = "not for guests";

    @TempDir
    private Path around;
    private Path shared;
    private Path outside;

    @BeforeEach
    void make() throws IOException {
        shared = Files.createDirectory(around.resolve("shared"));
        outside = Files.createDirectory(around.resolve("outside"));
        Files.writeString(outside.resolve("file"), SECRET);
        Files.createDirectory(outside.resolve("dir"));
    }

    private long outsideCount() throws IOException {
        try (Stream<Path> all = Files.walk(outside)) {
            return all.count();
        }
    }

    @Test
    void noNameLeadsOut() throws Exception {
        try (FuseGuest guest = FuseGuest.on(shared)) {
            for (String name : new String[] {"..", ".", "../outside", "/etc", "a/b", "/"}) {
                assertThrows(FuseGuest.Refused.class, () -> guest.lookup(1, name), name);
                assertThrows(FuseGuest.Refused.class, () -> guest.mkdir(1, name, 0700), name);
                assertThrows(FuseGuest.Refused.class, () -> guest.create(1, name, 2, 0600), name);
                assertThrows(FuseGuest.Refused.class, () -> guest.unlink(1, name), name);
                assertThrows(FuseGuest.Refused.class, () -> guest.rmdir(1, name), name);
                assertThrows(FuseGuest.Refused.class, () -> guest.symlink(1, name, "x"), name);
                assertThrows(FuseGuest.Refused.class, () -> guest.mknod(1, name, 0x8000, 0), name);
                assertThrows(FuseGuest.Refused.class, () -> guest.rename(1, name, 1, "x", 0), name);
                assertThrows(FuseGuest.Refused.class, () -> guest.rename(1, "x", 1, name, 0), name);
            }
        }
        assertEquals(3, outsideCount());
    }

    @Test
    void linksAreTheGuestsToFollow() throws Exception {
        Files.createSymbolicLink(shared.resolve("file"), outside.resolve("file"));
        Files.createSymbolicLink(shared.resolve("dir"), outside);
        try (FuseGuest guest = FuseGuest.on(shared)) {
            long file = guest.lookup(1, "file").node();
            assertEquals(0120000, guest.getattr(file).mode() & 0170000);
            assertThrows(FuseGuest.Refused.class, () -> guest.open(file, 0));
            assertThrows(FuseGuest.Refused.class, () -> guest.open(file, 2));
            assertThrows(FuseGuest.Refused.class, () -> guest.setattr(file, 8, 0, 0, 0, 0));
            assertThrows(FuseGuest.Refused.class, () -> guest.setattr(file, 1, 0, 0777, 0, 0));
            assertThrows(FuseGuest.Refused.class, () -> guest.create(1, "file", 2, 0600));
            long dir = guest.lookup(1, "dir").node();
            assertThrows(FuseGuest.Refused.class, () -> guest.lookup(dir, "file"));
            assertThrows(FuseGuest.Refused.class, () -> guest.mkdir(dir, "new", 0700));
            assertThrows(FuseGuest.Refused.class, () -> guest.list(dir, false));
            guest.link(file, 1, "again");
            assertEquals(outside.resolve("file"), Files.readSymbolicLink(shared.resolve("again")));
            guest.call(4, file, FuseGuest.args(88).putInt(0, 16 | 32), 104);
        }
        assertEquals(SECRET, Files.readString(outside.resolve("file")));
        assertTrue(Files.getLastModifiedTime(outside.resolve("file")).toMillis() > 0);
        assertEquals(3, outsideCount());
    }

    @Test
    void aPipeAndADeviceAreNotOpenedOnTheHost() throws Exception {
        try (FuseGuest guest = FuseGuest.on(shared)) {
            long pipe = guest.mknod(1, "pipe", 0x1000 | 0666, 0).node();
            assertThrows(FuseGuest.Refused.class, () -> guest.open(pipe, 0));
            assertThrows(FuseGuest.Refused.class, () -> guest.open(pipe, 1));
            assertThrows(FuseGuest.Refused.class, () -> guest.create(1, "pipe", 1, 0600));
            assertThrows(FuseGuest.Refused.class, () -> guest.setattr(pipe, 8, 0, 0, 0, 0));
        }
    }

    /** A neighbour makes a directory a link to the outside and back, all the time, while the guest goes through it. */
    @Test
    void renamesRacedByANeighbourLeadNowhere() throws Exception {
        Path inside = Files.createDirectory(shared.resolve("inside"));
        Files.writeString(inside.resolve("file"), "for guests");
        Files.createSymbolicLink(shared.resolve("link"), outside);
        AtomicBoolean isOver = new AtomicBoolean();
        Thread neighbour = new Thread(() -> swap(isOver), "neighbour");
        neighbour.start();
        int seen = 0;
        try (FuseGuest guest = FuseGuest.on(shared)) {
            for (int i = 0; i < 3000; i++) {
                seen += goThrough(guest, i);
            }
        } finally {
            isOver.set(true);
            neighbour.join();
        }
        assertTrue(seen > 0, "the race was never in the guest's favour");
        assertEquals(3, outsideCount());
        assertEquals(SECRET, Files.readString(outside.resolve("file")));
        assertFalse(Files.exists(outside.resolve("made")));
    }

    private void swap(AtomicBoolean isOver) {
        try {
            while (!isOver.get()) {
                Files.move(shared.resolve("inside"), shared.resolve("aside"));
                Files.move(shared.resolve("link"), shared.resolve("inside"));
                Files.move(shared.resolve("inside"), shared.resolve("link"));
                Files.move(shared.resolve("aside"), shared.resolve("inside"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int goThrough(FuseGuest guest, int round) {
        try {
            long inside = guest.lookup(1, "inside").node();
            long file = guest.lookup(inside, "file").node();
            long handle = guest.open(file, 2);
            assertEquals("for guests", new String(guest.read(handle, 0, 100), StandardCharsets.UTF_8));
            guest.write(handle, 0, "for guests".getBytes(StandardCharsets.UTF_8));
            guest.release(handle);
            guest.release(guest.create(inside, "made", 2, 0600));
            guest.mkdir(inside, "dir", 0700);
            guest.rename(inside, "made", inside, "made" + round % 3, 0);
            guest.unlink(inside, "made" + round % 3);
            guest.rmdir(inside, "dir");
            guest.forget(file, 1);
            return 1;
        } catch (FuseGuest.Refused e) {
            return 0; // a link, or nothing, was there
        }
    }
}
