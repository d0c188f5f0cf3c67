package io.vmm4j.core.rootfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.image.CacheDirectory;
import io.vmm4j.core.image.Caches;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Saved container images: layers, digests, and what they say of their program. */
class ImageReaderTest {

    private static final String CONFIG = """
            {"architecture": "amd64", "os": "linux", "config": {"User": "app", "Env": ["PATH=/opt/bin", "WHO=it's me"], "Entrypoint": ["run", "-x"],
            "Cmd": ["one"], "WorkingDir": "/work/here"}, "rootfs": {"type": "layers", "diff_ids": [%s]}}""";

    @TempDir
    Path directory;
    private CacheDirectory cache;

    @BeforeEach
    void setUp() throws Exception {
        Ext4Check.require();
        cache = Caches.in(directory.resolve("cache"));
    }

    private static List<byte[]> layers() {
        TarMaker first = new TarMaker().directory("etc", 0755).file("etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n")
                .file("etc/group", "app:x:1001:\nwheel:x:27:root,app\n").directory("keep", 0755).file("keep/a", "1").file("keep/b", "1")
                .directory("hidden", 0755).file("hidden/old", "1").file("gone", "1").file("shared", "s").directory("tree", 0755).file("tree/x", "1");
        TarMaker second = new TarMaker().file("keep/.wh.a", "").file("hidden/new", "2").file("hidden/.wh..wh..opq", "").file(".wh.gone", "")
                .link("linked", "shared").file(".wh.tree", "").file("keep/b", "2").file(".wh.never", "");
        return List.of(first.bytes(), second.bytes());
    }

    private static byte[] gzip(byte[] bytes) throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }

    /** In two parts, as programs that pack in parallel or append write it. */
    private static byte[] gzipInParts(byte[] bytes) throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        packed.writeBytes(gzip(Arrays.copyOf(bytes, 700)));
        packed.writeBytes(gzip(Arrays.copyOfRange(bytes, 700, bytes.length)));
        return packed.toByteArray();
    }

    private static String digest(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** What {@code docker save} wrote before version 25. */
    private byte[] docker(String firstLayer, String configName) throws Exception {
        List<byte[]> layers = layers();
        byte[] config = utf8(CONFIG.formatted("\"sha256:" + digest(layers.get(0)) + "\", \"sha256:" + digest(layers.get(1)) + "\""));
        String name = configName == null ? digest(config) + ".json" : configName;
        String manifest = "[{\"Config\": \"" + name + "\", \"RepoTags\": [\"app:1\"], \"Layers\": [\"" + firstLayer + "\", \"two/layer.tar\"]}]";
        return new TarMaker().file(name, new String(config, StandardCharsets.UTF_8)).file("one/layer.tar", layers.get(0), 0644, 0, 0)
                .file("two/layer.tar", layers.get(1), 0644, 0, 0)
                .file("other/layer.tar", new TarMaker().file("evil", "1").bytes(), 0644, 0, 0).file("manifest.json", manifest).bytes();
    }

    private void blob(Path layout, byte[] bytes) throws Exception {
        Files.createDirectories(layout.resolve("blobs/sha256"));
        Files.write(layout.resolve("blobs/sha256").resolve(digest(bytes)), bytes);
    }

    private static String descriptor(byte[] bytes, String more) throws Exception {
        return "{\"mediaType\": \"x\", \"digest\": \"sha256:" + digest(bytes) + "\", \"size\": " + bytes.length + more + "}";
    }

    /** An OCI layout with an index for several platforms in its index. */
    private Path layout(String architecture, String tags) throws Exception {
        Path layout = Files.createDirectories(directory.resolve("layout"));
        StringBuilder descriptors = new StringBuilder();
        for (byte[] layer : layers()) {
            byte[] packed = gzipInParts(layer);
            blob(layout, packed);
            descriptors.append(descriptors.length() == 0 ? "" : ", ").append(descriptor(packed, ""));
        }
        byte[] config = utf8(CONFIG.formatted(""));
        blob(layout, config);
        byte[] manifest = utf8("{\"config\": " + descriptor(config, "") + ", \"layers\": [" + descriptors + "]}");
        blob(layout, manifest);
        byte[] index = utf8("{\"manifests\": [" + descriptor(utf8("other"), ", \"platform\": {\"os\": \"linux\", \"architecture\": \"arm64\"}") + ", "
                + descriptor(manifest, ", \"platform\": {\"os\": \"linux\", \"architecture\": \"" + architecture + "\"}") + "]}");
        blob(layout, index);
        Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\": \"1.0.0\"}");
        Files.writeString(layout.resolve("index.json"), "{\"manifests\": [" + String.format(tags, descriptor(index,
                ", \"annotations\": {\"org.opencontainers.image.ref.name\": \"1.0\"}")) + "]}");
        return layout;
    }

    private Rootfs rootfs(String source) throws Exception {
        return Rootfs.of(RootSource.of(source).orElseThrow(), 0, cache);
    }

    private String refused(String source) {
        return assertThrows(RootfsException.class, () -> rootfs(source)).getMessage();
    }

    private void check(Rootfs made) throws Exception {
        Ext4Check image = new Ext4Check(made.image());
        assertEquals(List.of("040755 0:0 etc", "040755 0:0 hidden", "040755 0:0 keep", "100644 0:0 linked", "100644 0:0 shared", "040755 0:0 work"), image.list("/"));
        assertEquals(List.of("100644 0:0 b"), image.list("/keep"));
        assertEquals("2", image.content("/keep/b"), "the last layer's");
        assertEquals(List.of("100644 0:0 new"), image.list("/hidden"), "only what came with the opaque directory's layer");
        assertEquals("s", image.content("/linked"));
        assertEquals(List.of("040755 0:0 here"), image.list("/work"), "the working directory is there");
        Container container = made.container();
        assertEquals(List.of("run", "-x", "one"), container.words(List.of()));
        assertEquals(List.of("run", "-x", "a", "b"), container.words(List.of("a", "b")), "the entry point stays");
        assertEquals(List.of("PATH=/opt/bin", "HOME=/home/app", "WHO=it's me"), container.environment());
        assertEquals("/work/here 1000:1001 [27]", container.directory() + " " + container.uid() + ":" + container.gid() + " " + container.groups());
    }

    @Test
    void whatDockerSavesBecomesItsLayersOneOnTheOther() throws Exception {
        Path archive = Files.write(directory.resolve("app.tar"), docker("one/layer.tar", null));
        check(rootfs(archive.toString()));
        check(rootfs(archive + ":app:1"));
        check(rootfs(archive + ":1"));
        assertTrue(refused(archive + ":2").endsWith("no image \"2\" is in it; there are \"app:1\""), () -> refused(archive + ":2"));
    }

    @Test
    void anOciLayoutIsReadByItsIndexesForTheGuestsPlatform() throws Exception {
        Path layout = layout("amd64", "%s");
        check(rootfs(layout.toString()));
        check(rootfs(layout + ":1.0"));
    }

    @Test
    void ofSeveralImagesOneHasToBeNamed() throws Exception {
        Path layout = layout("amd64", "%s, " + descriptor(utf8("x"), ", \"annotations\": {\"org.opencontainers.image.ref.name\": \"2.0\"}"));
        assertTrue(refused(layout.toString()).contains("2 images are in it: name one by PATH:REFERENCE; there are \"1.0\""));
        check(rootfs(layout + ":1.0"));
    }

    @Test
    void anotherPlatformsImageIsRefused() throws Exception {
        assertTrue(refused(layout("s390x", "%s").toString()).contains("not for linux/amd64, but for \"linux/arm64, linux/s390x\""));
    }

    @Test
    void whatIsNotWhatItsDigestSaysIsRefusedByName() throws Exception {
        Path layout = layout("amd64", "%s");
        String layer = digest(gzipInParts(layers().get(1)));
        byte[] other = gzip(layers().get(0));
        Files.write(layout.resolve("blobs/sha256").resolve(layer), other);
        String message = refused(layout.toString());
        assertTrue(message.contains("layer sha256:" + layer + ": it "), message);
        Path archive = Files.write(directory.resolve("app.tar"), docker("other/layer.tar", null));
        assertTrue(refused(archive.toString()).contains("layer other/layer.tar: it is not what its digest says"));
    }

    @Test
    void aManifestThatNamesFilesElsewhereFindsNone() throws Exception {
        Files.write(directory.resolve("outside"), layers().get(0));
        for (String name : List.of("../outside", directory.resolve("outside").toString(), "nowhere")) {
            Path archive = Files.write(directory.resolve("app.tar"), docker(name, null));
            assertTrue(refused(archive.toString()).contains("its \"" + name + "\" is missing"), () -> refused(archive.toString()));
        }
        Path layout = layout("amd64", "{\"digest\": \"sha256:../../../outside\"}");
        assertTrue(refused(layout.toString()).contains("is neither sha256 nor sha512"));
    }

    @Test
    void jsonThatIsNoneIsRefusedInOneLine() throws Exception {
        Path layout = layout("amd64", "%s");
        for (String text : List.of("", "[", "{\"a\": 1, \"a\": 2}", "[".repeat(100_000), " ".repeat(5 << 20), "{\"manifests\": 3}", "{}")) {
            Files.writeString(layout.resolve("index.json"), text);
            assertEquals(1, refused(layout.toString()).lines().count(), () -> refused(layout.toString()));
        }
    }
}
