package io.vmm4j.core.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class KernelModulesTest {

    @TempDir
    private Path directory;

    @BeforeEach
    void listsOfAKernel() throws IOException {
        write("modules.dep", """
                kernel/drivers/virtio/virtio.ko.xz: kernel/drivers/virtio/virtio_ring.ko.xz
                kernel/drivers/virtio/virtio_ring.ko.xz:
                kernel/drivers/char/hw_random/virtio-rng.ko.xz: kernel/drivers/virtio/virtio.ko.xz kernel/drivers/virtio/virtio_ring.ko.xz
                kernel/lib/libcrc32c.ko.xz:
                kernel/fs/ext4/ext4.ko.xz: kernel/lib/libcrc32c.ko.xz kernel/fs/jbd2/jbd2.ko.xz
                kernel/fs/jbd2/jbd2.ko.xz:
                kernel/crypto/crc32c_generic.ko.xz:
                kernel/one.ko: kernel/other.ko
                kernel/other.ko: kernel/one.ko
                """);
        write("modules.builtin", "kernel/fs/fuse/fuse.ko\nkernel/drivers/block/virtio_blk.ko\n");
        write("modules.softdep", "# comment\nsoftdep libcrc32c pre: crc32c post: unwanted\n");
        write("modules.alias", "alias crypto-crc32c crc32c_generic\nalias crc32c crc32c_generic\nalias virtio:d00000004v* virtio_rng\n");
    }

    private void write(String file, String text) throws IOException {
        Files.writeString(directory.resolve(file), text);
    }

    private List<String> closure(String... names) throws IOException {
        return KernelModules.in(directory).closure(List.of(names)).stream().map(ModuleFile::name).toList();
    }

    @Test
    void eachModuleComesAfterAllThatItNeeds() throws IOException {
        assertEquals(List.of("virtio_ring", "virtio", "virtio_rng"), closure("virtio_rng"));
        assertEquals(List.of("crc32c_generic", "libcrc32c", "jbd2", "ext4"), closure("ext4"), "with what modules.softdep wants before, by its alias");
    }

    @Test
    void whatIsBuiltInOrUnknownIsLeftOut() throws IOException {
        assertEquals(List.of(), closure("fuse", "virtio_blk", "nonesuch"));
        KernelModules modules = KernelModules.in(directory);
        assertTrue(modules.has("fuse") && !modules.isModule("fuse"));
        assertFalse(modules.has("nonesuch"));
    }

    @Test
    void modulesThatNeedEachOtherEndTheSearch() throws IOException {
        assertEquals(2, closure("one").size());
    }

    @Test
    void aDirectoryThatIsNotThereHasNoModules() throws IOException {
        assertTrue(KernelModules.in(directory.resolve("gone")).isEmpty());
    }

    @Test
    void theGuestsListsNameWhatIsThereAndNothingElse() throws IOException {
        KernelModules modules = KernelModules.in(directory);
        List<ModuleFile> files = modules.closure(List.of("ext4"));
        assertEquals("crc32c_generic.ko:\nlibcrc32c.ko:\njbd2.ko:\next4.ko: libcrc32c.ko jbd2.ko\n", modules.dependencyList(files));
        assertEquals("alias crc32c crc32c_generic\nalias crypto-crc32c crc32c_generic\n", modules.aliasList(files));
    }

    @Test
    void compressedModulesAreUnpacked() throws IOException {
        byte[] module = "\177ELF a module".repeat(999).getBytes(StandardCharsets.ISO_8859_1);
        for (String end : List.of("", ".gz", ".xz", ".zst")) {
            ByteArrayOutputStream packed = new ByteArrayOutputStream();
            try (OutputStream out = packer(end, packed)) {
                out.write(module);
            }
            ModuleFile file = new ModuleFile("a", directory.resolve("a.ko" + end), directory);
            assertArrayEquals(module, file.unpack(packed.toByteArray()), end);
        }
    }

    private static OutputStream packer(String end, OutputStream out) throws IOException {
        return switch (end) {
            case ".gz" -> new GZIPOutputStream(out);
            case ".xz" -> new XZOutputStream(out, new LZMA2Options(1));
            case ".zst" -> new ZstdOutputStream(out);
            default -> out;
        };
    }

    @Test
    void aDamagedModuleIsNamed() {
        for (String end : List.of(".gz", ".xz", ".zst")) {
            Path path = directory.resolve("a.ko" + end);
            byte[] damaged = new byte[100];
            Arrays.fill(damaged, (byte) 7);
            IOException refusal = assertThrows(IOException.class, () -> new ModuleFile("a", path, directory).unpack(damaged));
            assertTrue(refusal.getMessage().startsWith("module " + path + " cannot be unpacked: "), refusal.getMessage());
        }
    }

    /** A list from elsewhere may name, or link to, any file of the host's. */
    @Test
    void aFileThatIsNotBelowTheModulesIsNoModule() throws IOException {
        Path modules = Files.createDirectories(directory.resolve("modules/6.1"));
        Path secret = Files.writeString(directory.resolve("secret"), "a secret");
        Files.createSymbolicLink(modules.resolve("linked.ko"), secret);
        Files.writeString(modules.resolve("modules.dep"), "linked.ko:\n" + directory.resolve("secret") + ":\n../../passwords.ko:\n");
        Files.writeString(directory.resolve("passwords.ko"), "secrets");
        List<ModuleFile> named = KernelModules.in(modules).closure(List.of("linked", "secret", "passwords"));
        assertEquals(3, named.size());
        for (ModuleFile file : named) {
            IOException refusal = assertThrows(IOException.class, file::packed);
            assertTrue(refusal.getMessage().startsWith("module " + file.path() + " cannot be read: it is "), refusal.getMessage());
        }
    }
}
