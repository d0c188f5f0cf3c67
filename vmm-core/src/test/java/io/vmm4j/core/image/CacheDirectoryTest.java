package io.vmm4j.core.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheDirectoryTest {

    @TempDir
    private Path root;

    private CacheDirectory cache() throws IOException {
        return CacheDirectory.of(root.toString(), "/nonexistent");
    }

    @Test
    void theDirectoryIsTheUsersAlone() throws IOException {
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(cache().path())));
        Path file = cache().file("a", out -> out.write('a'));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }

    @Test
    void withoutXdgCacheHomeItIsInTheHomeDirectory() throws IOException {
        assertEquals(root.resolve(".cache/vmm4j"), CacheDirectory.of(null, root.toString()).path());
        assertEquals(root.resolve(".cache/vmm4j"), CacheDirectory.of("relative", root.toString()).path());
    }

    @Test
    void aDirectoryThatOthersMayEnterIsRefused() throws IOException {
        Path path = cache().path();
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        IOException refusal = assertThrows(IOException.class, this::cache);
        assertTrue(refusal.getMessage().contains(path + " has mode 755"), refusal.getMessage());
    }

    @Test
    void aLinkInItsPlaceIsRefused() throws IOException {
        Files.createSymbolicLink(root.resolve("vmm4j"), Files.createDirectory(root.resolve("elsewhere")));
        assertThrows(IOException.class, this::cache);
    }

    @Test
    void whatFailsLeavesNothing() throws IOException {
        CacheDirectory cache = cache();
        IOException failure = assertThrows(IOException.class, () -> cache.file("a", out -> {
            out.write(new byte[100_000]);
            throw new IOException("no space");
        }));
        assertTrue(failure.getMessage().contains("no space"), failure.getMessage());
        assertEquals(List.of(), list(cache));
    }

    private static List<String> list(CacheDirectory cache) throws IOException {
        try (Stream<Path> files = Files.list(cache.path())) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void manyAtOnceAllFindAWholeFile() throws Exception {
        int count = 8;
        byte[] content = new byte[1 << 20];
        Arrays.fill(content, (byte) 7);
        CacheDirectory cache = cache();
        CyclicBarrier start = new CyclicBarrier(count);
        ExecutorService pool = Executors.newFixedThreadPool(count);
        try {
            List<Future<byte[]>> found = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                found.add(pool.submit(() -> {
                    start.await();
                    return Files.readAllBytes(cache.file("same", out -> out.write(content)));
                }));
            }
            for (Future<byte[]> one : found) {
                assertEquals(-1, Arrays.mismatch(content, one.get()));
            }
        } finally {
            pool.shutdownNow();
        }
        assertEquals(List.of("same"), list(cache), "nothing beside it is left");
    }

    @Test
    void aFileWithoutANameLeavesNothingToWhomeverIsKilledAndCanBeOpenedByItsDescriptor() throws IOException {
        CacheDirectory cache = cache();
        Path killed = Files.createFile(cache.path().resolve("run.2.new"));
        Files.setLastModifiedTime(killed, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        try (Fd file = cache.nameless("run", out -> out.write('a'))) {
            assertEquals(List.of(), list(cache), "that of one who was killed is gone too");
            Path path = Path.of("/proc/self/fd/" + file.value());
            assertEquals("a", Files.readString(path));
            assertEquals("a", Files.readString(path), "from the beginning each time");
        }
    }

    @Test
    void ofOneKindThoseUsedLastStay() throws IOException {
        CacheDirectory cache = cache();
        cache.file("other-1", out -> out.write('o'));
        for (int i = 0; i < 12; i++) {
            Files.createFile(cache.path().resolve("rootfs-" + i));
            Path file = cache.file("initramfs-" + (char) ('a' + i), out -> out.write('i'));
            Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(20 - i))));
        }
        cache.file("initramfs-b", out -> out.write('x'));
        cache.file("initramfs-z", out -> out.write('z'));
        List<String> left = new ArrayList<>(list(cache));
        assertEquals(12, left.stream().filter(name -> name.startsWith("rootfs-")).count(), "whoever makes them bounds them");
        left.removeIf(name -> name.startsWith("rootfs-"));
        assertEquals(9, left.size(), left::toString);
        assertTrue(left.containsAll(List.of("other-1", "initramfs-z", "initramfs-l")), left::toString);
    }

    @Test
    void whatNobodyUsesGoesAndWhatIsUsedStays() throws IOException {
        CacheDirectory cache = cache();
        FileTime old = FileTime.from(Instant.now().minus(Duration.ofDays(31)));
        Path unused = cache.file("unused", out -> out.write('a'));
        Path used = cache.file("used", out -> out.write('b'));
        Path abandoned = Files.createFile(cache.path().resolve("run.1.new"));
        for (Path file : List.of(unused, used, abandoned)) {
            Files.setLastModifiedTime(file, old);
        }
        cache.file("used", out -> out.write('x'));
        cache.file("fresh", out -> out.write('d'));
        assertEquals(List.of("fresh", "used"), list(cache));
        assertEquals("b", Files.readString(used));
        assertFalse(Files.exists(unused));
    }
}
