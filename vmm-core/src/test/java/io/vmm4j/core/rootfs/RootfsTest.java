package io.vmm4j.core.rootfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.airlift.compress.zstd.ZstdOutputStream;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.image.CacheDirectory;
import io.vmm4j.core.image.Caches;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class RootfsTest {

    @TempDir
    Path directory;
    private CacheDirectory cache;

    @BeforeEach
    void setUp() throws Exception {
        Ext4Check.require();
        cache = Caches.in(directory.resolve("cache"));
    }

    private Path archive(String name, byte[] bytes) throws Exception {
        return Files.write(directory.resolve(name), bytes);
    }

    private Rootfs rootfs(String source) throws Exception {
        return Rootfs.of(RootSource.of(source).orElseThrow(), 0, cache);
    }

    private Ext4Check made(TarMaker tar) throws Exception {
        Rootfs made = rootfs(archive("root.tar", tar.bytes()).toString());
        assertNull(made.container(), "a root file system as such says nothing of a program");
        return new Ext4Check(made.image());
    }

    private String refused(TarMaker tar) throws Exception {
        String path = archive("bad.tar", tar.bytes()).toString();
        RootfsException e = assertThrows(RootfsException.class, () -> rootfs(path));
        try (Stream<Path> left = Files.list(cache.path())) {
            assertEquals(List.of(), left.filter(file -> !file.getFileName().toString().startsWith("sum-")).toList(), "nothing half-made stays");
        }
        return e.getMessage();
    }

    @Test
    void ownersModesTimesLinksDevicesAndAttributesOfAnArchiveAreInTheImage() throws Exception {
        byte[] capability = {1, 0, 0, 2, (byte) 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        Ext4Check image = made(new TarMaker().directory("./", 0711).directory("usr/bin", 0755).file("usr/bin/su", "x".getBytes(StandardCharsets.UTF_8), 04755, 0, 42)
                .file("home/one", "mine".getBytes(StandardCharsets.UTF_8), 0640, 2_000_000_000L, 100_000).symlink("bin", "usr/bin").symlink("abs", "/etc/passwd")
                .link("usr/bin/again", "usr/bin/su").device("dev/null", 1, 300).pax("SCHILY.xattr.security.capability", capability).file("usr/bin/ping", "p"));
        assertEquals(List.of("120777 0:0 abs", "120777 0:0 bin", "040755 0:0 dev", "040755 0:0 home", "040755 0:0 usr"), image.list("/"));
        assertEquals(List.of("104755 0:42 again", "100644 0:0 ping", "104755 0:42 su"), image.list("/usr/bin"));
        assertEquals(List.of("100640 2000000000:100000 one"), image.list("/home"));
        assertEquals("mine", image.content("/home/one"));
        String su = image.debugfs("stat /usr/bin/su");
        assertTrue(su.contains("Links: 2") && su.contains("mtime: 0x6553f100"), su);
        assertTrue(image.debugfs("stat /dev/null").contains("Device major/minor number: 01:300"), "in the image alone");
        assertTrue(image.debugfs("ea_get -x /usr/bin/ping security.capability").contains("01 00 00 02 c0 00 00 00"), "binary attributes are kept");
        assertTrue(image.debugfs("stat <2>").contains("Mode:  0711"), "the root's own");
    }

    @Test
    void namesThatAShellOrDebugfsCouldTakeForSomethingElseAreKept() throws Exception {
        String longName = "l".repeat(255);
        List<String> names = List.of("\"q\"uo\"\"te", " sp ace ", "-f", "<12>", "a\\b", "#x", "ünï", "tab\tx", longName, "d;rm", "'s'", "$(x)", "~");
        TarMaker tar = new TarMaker();
        names.forEach(name -> tar.file("d/" + name, name).directory("e/" + name, 0700).file("e/" + name + "/x", name).device("f/" + name, 1, 3)
                .symlink("g/" + name, name));
        Ext4Check image = made(tar);
        for (String place : List.of("d", "e", "f", "g")) {
            List<String> found = image.list("/" + place).stream().map(line -> line.split(" ", 3)[2]).sorted().toList();
            assertEquals(names.size(), found.size(), found::toString);
            assertTrue(found.containsAll(List.of("\"q\"uo\"\"te", " sp ace ", "-f", "<12>", "#x", longName, "d;rm", "'s'", "$(x)", "~")), found::toString);
        }
        assertEquals("\"q\"uo\"\"te", image.content("\"/d/\"\"q\"\"uo\"\"\"\"te\""));
    }

    @Test
    void aThousandHardLinksInOneDirectoryHaveRoom() throws Exception {
        TarMaker tar = new TarMaker().file("first", "content");
        for (int i = 0; i < 1000; i++) {
            tar.link("d/" + "n".repeat(100) + i, "first");
            tar.file("d/" + "o".repeat(100) + i, "");
        }
        Ext4Check image = made(tar);
        assertEquals(2000, image.list("/d").size());
        assertTrue(image.debugfs("stat /first").contains("Links: 1001"), "their number");
    }

    @Test
    void aPackedArchiveMakesTheSameImage() throws Exception {
        byte[] tar = new TarMaker().file("a", "b").bytes();
        ByteArrayOutputStream gzip = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(gzip)) {
            out.write(tar);
        }
        ByteArrayOutputStream xz = new ByteArrayOutputStream();
        try (OutputStream out = new XZOutputStream(xz, new LZMA2Options(1))) {
            out.write(tar);
        }
        ByteArrayOutputStream zstd = new ByteArrayOutputStream();
        try (OutputStream out = new ZstdOutputStream(zstd)) {
            out.write(tar);
        }
        for (Path file : List.of(archive("r.tar.gz", gzip.toByteArray()), archive("r.tar.xz", xz.toByteArray()), archive("r.tar.zst", zstd.toByteArray()))) {
            assertEquals("b", new Ext4Check(rootfs(file.toString()).image()).content("/a"), file::toString);
        }
    }

    @Test
    void aDirectoryIsRootsWithItsLinksAndModes() throws Exception {
        Path root = Files.createDirectories(directory.resolve("root/etc")).getParent();
        Files.writeString(root.resolve("etc/x"), "one");
        Files.setPosixFilePermissions(root.resolve("etc/x"), PosixFilePermissions.fromString("rwx--x---"));
        Files.createLink(root.resolve("y"), root.resolve("etc/x"));
        Files.createSymbolicLink(root.resolve("out"), Path.of("/etc/shadow"));
        Rootfs first = rootfs(root.toString());
        Ext4Check image = new Ext4Check(first.image());
        assertEquals(List.of("040755 0:0 etc", "120777 0:0 out", "100710 0:0 y"), image.list("/"));
        assertEquals("one", image.content("/etc/x"));
        Files.writeString(root.resolve("etc/x"), "other");
        Rootfs second = rootfs(root.toString());
        assertNotEquals(first.image(), second.image(), "what has changed makes another image");
        assertEquals("other", new Ext4Check(second.image()).content("/y"));
    }

    @Test
    void anImageIsMadeOnceAndAgainWhenItIsDamaged() throws Exception {
        String path = archive("r.tar", new TarMaker().file("a", "b").bytes()).toString();
        Path image = rootfs(path).image();
        Object inode = Files.getAttribute(image, "unix:ino");
        assertEquals("r--------", PosixFilePermissions.toString(Files.getPosixFilePermissions(image)), "nobody writes to it");
        assertEquals(image, rootfs(path).image());
        assertEquals(inode, Files.getAttribute(image, "unix:ino"), "taken from the cache");
        Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("rw-------"));
        try (FileChannel channel = FileChannel.open(image, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() / 2);
        }
        assertEquals(image, rootfs(path).image());
        assertEquals("b", new Ext4Check(image).content("/a"), "whole again");
    }

    @Test
    void aSparseFileStaysSparse() throws Exception {
        byte[] content = new byte[40 << 20];
        content[20 << 20] = 'x';
        Ext4Check image = made(new TarMaker().file("big", content, 0644, 0, 0));
        String stat = image.debugfs("stat /big");
        assertTrue(stat.contains("Size: " + content.length) && stat.contains("Blockcount: 8\n"), stat);
    }

    @Test
    void linksOnTheWayAreFollowedInTheTreeAlone() throws Exception {
        Path outside = Files.createDirectory(directory.resolve("outside"));
        Ext4Check image = made(new TarMaker().directory("real", 0755).symlink("in", "real").symlink("out", outside.toString()).symlink("up", "../../../real")
                .file("in/a", "1").file("up/b", "2").file("out/c", "3").file("/abs/d", "4"));
        assertEquals(List.of("100644 0:0 a", "100644 0:0 b"), image.list("/real"));
        assertEquals("3", image.content(outside + "/c"), "below the image's own root");
        assertEquals("4", image.content("/abs/d"));
        try (Stream<Path> files = Files.list(outside)) {
            assertEquals(0, files.count(), "nothing on the host");
        }
    }

    @Test
    void whatAnArchiveMustNotHaveIsRefusedByName() throws Exception {
        assertTrue(refused(new TarMaker().file("a/../../etc/x", "")).contains("the name \"a/../../etc/x\" has \"..\" in it"));
        assertTrue(refused(new TarMaker().file("a\nb", "")).contains("\"./a?b\" has a line end in it"));
        assertTrue(refused(new TarMaker().symlink("a", "x\ny")).contains("has a line end in it"));
        assertTrue(refused(new TarMaker().link("a", "../../etc/passwd")).contains("has \"..\" in it"));
        assertTrue(refused(new TarMaker().link("a", "/etc/passwd")).contains("the hard link \"a\" is to \"/etc/passwd\", which is not in it"));
        assertTrue(refused(new TarMaker().directory("d", 0755).link("a", "d")).contains("is to the directory \"d\""));
        assertTrue(refused(new TarMaker().symlink("l", "l").file("l/x", "")).contains("leads through more than 40 links"));
        assertTrue(refused(new TarMaker().file("lost+found", "")).contains("is no directory"));
        assertTrue(refused(new TarMaker().pax("GNU.sparse.realsize", "99999999999999999999".getBytes(StandardCharsets.US_ASCII)).file("x", "")).contains("bad.tar"));
    }

    @Test
    void smallArchivesThatTakeMuchMemoryAreRefused() throws Exception {
        TarMaker headers = new TarMaker();
        TarMaker global = new TarMaker();
        for (int i = 0; i < 5000; i++) {
            headers.pax("comment", new byte[] {'x'});
        }
        String message = refused(headers.file("a", "b"));
        assertTrue(message.contains("an entry has more than 8 extended headers") || message.contains("too deep"), message);
        for (int i = 0; i < 40; i++) {
            global.global("comment", "c".repeat(1000)).file("f" + i, "");
        }
        assertTrue(refused(global).contains("the headers for all entries have more than 16384 bytes"));
    }

    @Test
    void anEmptyConfigurationOfAnImageInTheCacheIsDamaged() throws Exception {
        String path = archive("r.tar", new TarMaker().file("a", "b").bytes()).toString();
        Path image = rootfs(path).image();
        Path words = Path.of(image.toString().replace(".ext4", ".json"));
        Object inode = Files.getAttribute(image, "unix:ino");
        Files.setPosixFilePermissions(words, PosixFilePermissions.fromString("rw-------"));
        Files.write(words, new byte[0]);
        assertNull(rootfs(path).container());
        assertNotEquals(inode, Files.getAttribute(image, "unix:ino"), "made again");
    }

    @Test
    void moreThanTheRoomIsRefusedBeforeItIsUnpacked() throws Exception {
        ByteArrayOutputStream gzip = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(gzip)) {
            out.write(new TarMaker().file("bomb", new byte[100 << 20], 0644, 0, 0).bytes());
        }
        Path bomb = archive("bomb.tar.gz", gzip.toByteArray());
        RootfsException e = assertThrows(RootfsException.class, () -> Rootfs.of(RootSource.of(bomb.toString()).orElseThrow(), 80 << 20, cache));
        assertTrue(e.getMessage().contains("unpacked it has more than 80 MiB; --rootfs-size"), e.getMessage());
    }

    @Test
    void severalMakeTheSameImageAtOnce() throws Exception {
        String path = archive("r.tar", new TarMaker().file("a", "b").bytes()).toString();
        List<CompletableFuture<Path>> makers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            makers.add(CompletableFuture.supplyAsync(() -> {
                try {
                    return rootfs(path).image();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }));
        }
        Path image = rootfs(path).image();
        for (CompletableFuture<Path> maker : makers) {
            assertEquals(image, maker.get());
        }
        assertEquals("b", new Ext4Check(image).content("/a"));
        try (Stream<Path> files = Files.list(cache.path())) {
            assertEquals(3, files.count(), "the image, its configuration and the archive's digest");
        }
    }

    @Test
    void whatAKilledProcessLeftGoesWithTheNext() throws Exception {
        Path left = Files.createDirectory(cache.path().resolve("stage-1"));
        Files.createFile(left.resolve("lock"));
        Files.write(left.resolve("0"), new byte[10]);
        made(new TarMaker().file("a", "b"));
        assertFalse(Files.exists(left), "nobody holds its lock");
    }

    @Test
    void whatTheGuestWritesGoesToMemoryOrToAFileThatKeepsTheImage() throws Exception {
        Rootfs rootfs = rootfs(archive("r.tar", new TarMaker().file("a", "b").bytes()).toString());
        DriveConfig drive = new DriveConfig("rootfs", true, null, "r.tar", false, null);
        assertEquals(DriveConfig.IN_MEMORY, rootfs.drive(drive).overlay());
        assertEquals(rootfs.image().toString(), rootfs.drive(drive).pathOnHost());
        assertNull(rootfs.drive(new DriveConfig("rootfs", true, null, "r.tar", true, null)).overlay(), "it is only read");
        String overlay = directory.resolve("o.qcow2").toString();
        DriveConfig kept = rootfs.drive(drive.withOverlay(overlay));
        assertEquals(overlay + ".base", kept.pathOnHost());
        assertNotEquals(Files.getAttribute(rootfs.image(), "unix:ino"), Files.getAttribute(Path.of(kept.pathOnHost()), "unix:ino"), "what is committed stays out of the cache");
        assertEquals(kept, rootfs.drive(drive.withOverlay(overlay)), "the same will do");
        try (FileChannel base = FileChannel.open(Path.of(kept.pathOnHost()), StandardOpenOption.WRITE)) {
            base.write(ByteBuffer.wrap(new byte[] {1}), 0);
        }
        RootfsException e = assertThrows(RootfsException.class, () -> rootfs.drive(drive.withOverlay(overlay)));
        assertTrue(e.getMessage().endsWith(overlay + ".base: there is another file of that name"), e.getMessage());
        Files.delete(rootfs.image());
        assertEquals("b", new Ext4Check(Path.of(kept.pathOnHost())).content("/a"), "without the cache");
    }

    @Test
    void aDamagedArchiveIsRefusedInOneLine() throws Exception {
        byte[] tar = new TarMaker().file("a", "b".repeat(5000)).bytes();
        for (byte[] bytes : List.of(new byte[0], "no archive at all".repeat(100).getBytes(StandardCharsets.US_ASCII), Arrays.copyOf(tar, 3000))) {
            Path file = archive("x.tar", bytes);
            if (bytes.length > 0) {
                RootfsException e = assertThrows(RootfsException.class, () -> rootfs(file.toString()), () -> bytes.length + " bytes");
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            }
        }
    }
}
