package io.vmm4j.core.share;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.kvm.libc.FileSystemStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are known without a descriptor, as there are more of them than that. */
final class ShareEvictionTest {

    private static final int FEW = 40;
    private static final int ESTALE = 116;

    @TempDir
    private Path directory;

    private FuseGuest guest() throws IOException {
        return new FuseGuest(new ShareServer(ShareConfig.of(directory.toString(), "t"), new Descriptors(FEW)));
    }

    private static void assertRefused(int errno, org.junit.jupiter.api.function.Executable call) {
        assertEquals(errno, assertThrows(FuseGuest.Refused.class, call).errno);
    }

    private static String content(FuseGuest guest, long node) throws FuseGuest.Refused {
        long handle = guest.open(node, 0);
        String text = new String(guest.read(handle, 0, 100), StandardCharsets.UTF_8);
        guest.release(handle);
        return text;
    }

    /** Has the guest know so much else that what it knew before has no descriptor any more. */
    private void pushOut(FuseGuest guest) throws Exception {
        Path other = Files.createDirectories(directory.resolve("other"));
        long parent = guest.lookup(1, "other").node();
        for (int i = 0; i < 2 * FEW; i++) {
            Path file = other.resolve("o" + i);
            if (Files.notExists(file)) {
                Files.createFile(file);
            }
            guest.lookup(parent, "o" + i);
        }
    }

    @Test
    void moreFilesThanDescriptorsAreKnownAndFoundAgain() throws Exception {
        Random random = new Random(VirtioRig.seed("ShareEvictionTest"));
        for (int i = 0; i < 600; i++) {
            Path parent = Files.createDirectories(directory.resolve("d" + i % 3).resolve("e" + i % 7));
            Files.writeString(parent.resolve("f" + i), "content " + i);
        }
        try (FuseGuest guest = guest()) {
            Map<Integer, Long> nodes = new HashMap<>();
            for (int i = 0; i < 600; i++) {
                nodes.put(i, guest.walk("d" + i % 3 + "/e" + i % 7 + "/f" + i).node());
            }
            List<Integer> order = new ArrayList<>(nodes.keySet());
            Collections.shuffle(order, random);
            for (int i : order) {
                assertEquals("content " + i, content(guest, nodes.get(i)));
                assertTrue(guest.server.descriptors() <= FEW, guest.server.descriptors() + " descriptors");
            }
            assertEquals((long) nodes.get(17), guest.walk("d2/e3/f17").node());
        }
    }

    @Test
    void aWayMayBeLongerThanThereAreDescriptors() throws Exception {
        StringBuilder path = new StringBuilder("a");
        for (int i = 0; i < 2 * FEW; i++) {
            path.append("/a");
        }
        Files.createDirectories(directory.resolve(path.toString()));
        Files.writeString(directory.resolve(path + "/file"), "deep");
        try (FuseGuest guest = guest()) {
            long file = guest.walk(path + "/file").node();
            pushOut(guest);
            assertEquals("deep", content(guest, file));
        }
    }

    @Test
    void whatTheGuestRenamesIsFoundByItsNewName() throws Exception {
        Files.createDirectories(directory.resolve("a/b"));
        Files.writeString(directory.resolve("a/b/file"), "in b");
        Files.writeString(directory.resolve("one"), "one");
        Files.writeString(directory.resolve("two"), "two");
        try (FuseGuest guest = guest()) {
            long file = guest.walk("a/b/file").node();
            long one = guest.lookup(1, "one").node();
            long two = guest.lookup(1, "two").node();
            guest.rename(guest.lookup(1, "a").node(), "b", 1, "c", 0);
            guest.rename(1, "one", 1, "two", 2);
            pushOut(guest);
            assertEquals("in b", content(guest, file));
            assertEquals("one", content(guest, one));
            assertEquals("two", content(guest, two));
        }
    }

    @Test
    void whatOthersRenameHasToBeLookedUpAgain() throws Exception {
        Files.writeString(directory.resolve("file"), "content");
        try (FuseGuest guest = guest()) {
            long before = guest.lookup(1, "file").node();
            pushOut(guest);
            Files.move(directory.resolve("file"), directory.resolve("moved"));
            assertRefused(ESTALE, () -> guest.open(before, 0));
            assertEquals(before, guest.lookup(1, "moved").node());
            assertEquals("content", content(guest, before));
        }
    }

    @Test
    void anotherFileOfTheSameNameIsNotTakenForTheOneBefore(@TempDir Path outside) throws Exception {
        Files.writeString(outside.resolve("file"), "not for guests");
        Files.createDirectory(directory.resolve("sub"));
        Files.writeString(directory.resolve("sub/file"), "old");
        Files.writeString(directory.resolve("plain"), "old");
        try (FuseGuest guest = guest()) {
            long file = guest.walk("sub/file").node();
            long plain = guest.lookup(1, "plain").node();
            pushOut(guest);
            Files.delete(directory.resolve("sub/file"));
            Files.delete(directory.resolve("sub"));
            Files.createSymbolicLink(directory.resolve("sub"), outside);
            Files.delete(directory.resolve("plain"));
            Files.writeString(directory.resolve("plain"), "new");
            assertRefused(ESTALE, () -> guest.open(file, 0));
            assertRefused(ESTALE, () -> guest.open(plain, 0));
            assertEquals("new", content(guest, guest.lookup(1, "plain").node()));
        }
    }

    @Test
    void directoriesThatTheGuestForgetsAreKeptForWhatIsInThem() throws Exception {
        Files.createDirectories(directory.resolve("a/b"));
        Files.writeString(directory.resolve("a/b/file"), "deep");
        try (FuseGuest guest = guest()) {
            long a = guest.lookup(1, "a").node();
            long b = guest.lookup(a, "b").node();
            long file = guest.lookup(b, "file").node();
            guest.forget(b, 1);
            guest.forget(a, 1);
            pushOut(guest);
            assertEquals("deep", content(guest, file));
            assertRefused(ESTALE, () -> guest.getattr(a));
            guest.forget(file, 1);
            guest.forget(guest.lookup(1, "other").node(), 2);
            assertEquals(2 * FEW + 1, guest.server.known());
        }
    }

    @Test
    void oneShareLeavesOthersAPart() {
        Allowance.Pool pool = new Allowance.Pool(1000);
        Allowance first = new Allowance(pool, 10_000, 1, 2);
        Allowance second = new Allowance(pool, 10_000, 1, 2);
        assertTrue(first.take(500));
        assertFalse(first.take(1));
        assertTrue(second.take(250));
        assertFalse(second.take(1));
        first.give(500);
        assertTrue(second.take(250));
        assertFalse(new Allowance(pool, 5, 1, 2).take(6));
    }

    @Test
    void filesOfSeveralFileSystemsHaveNumbersOfTheirOwn() {
        Volumes volumes = new Volumes(null);
        FileSystemStatus kind = new FileSystemStatus(0xEF53, 4096, 100, 1, 1, 1, 1, 255, 4096);
        List<Long> shown = new ArrayList<>();
        for (long device : new long[] {0x801, 0x802, 1L << 32 | 0x800, 0x901}) { // whose hashes collide
            shown.add(volumes.make(null, device, kind).shown(7));
        }
        assertEquals(4, shown.stream().distinct().count(), shown.toString());
        assertEquals(7, shown.get(0));
        assertEquals(shown.get(1), volumes.make(null, 0x802, kind).shown(7));
    }

    @Test
    void anIndexIsAsAMap() {
        Random random = new Random(VirtioRig.seed("InodeIndex"));
        Volume volume = new Volume(null, null, 0, 0, false);
        InodeIndex index = InodeIndex.byId();
        Map<Long, Inode> map = new HashMap<>();
        for (int i = 0; i < 100_000; i++) {
            long id = random.nextInt(i < 50_000 ? 5000 : 50);
            Inode known = map.get(id);
            assertSame(known, index.get(null, id));
            if (known == null) {
                Inode inode = Inode.of(id, volume, new Shelf());
                map.put(id, inode);
                index.add(inode);
            } else if (random.nextInt(i < 50_000 ? 3 : 1) == 0) {
                map.remove(id);
                index.remove(known);
                assertNull(index.get(null, id));
            }
            assertEquals(map.size(), index.size());
        }
    }
}
