package io.vmm4j.core.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.kvm.libc.Fd;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InitramfsTest {

    private static final String VERSION = "6.1.0-test";

    @TempDir
    private Path root;
    private Path modules;
    private Path busybox;
    private CacheDirectory cache;

    @BeforeEach
    void aHost() throws IOException {
        modules = Files.createDirectories(root.resolve("modules"));
        Files.writeString(modules.resolve("modules.dep"), "virtio_mmio.ko.gz: virtio.ko\nvirtio.ko:\nvirtio_console.ko: virtio.ko\nsound.ko:\n");
        Files.writeString(modules.resolve("virtio.ko"), "module virtio");
        Files.writeString(modules.resolve("virtio_console.ko"), "module virtio_console");
        try (GZIPOutputStream packed = new GZIPOutputStream(Files.newOutputStream(modules.resolve("virtio_mmio.ko.gz")))) {
            packed.write("module virtio_mmio".getBytes(StandardCharsets.UTF_8));
        }
        busybox = Files.writeString(root.resolve("busybox"), "a busybox");
        cache = CacheDirectory.of(root.resolve("cache").toString(), "/nonexistent");
    }

    private Initramfs initramfs() throws IOException {
        return new Initramfs(VERSION, KernelModules.in(modules), busybox);
    }

    private static ShellRun run(String... command) {
        return new ShellRun("vmm-nonce", "hvc0", "ttyS0", false, List.of("virtio_mmio"), null, List.of(command), "xterm");
    }

    /** What is in the archives of {@code image}, in order: a mode in octal and the content. */
    private static Map<String, String> contents(Path image) throws IOException {
        Map<String, String> found = new LinkedHashMap<>();
        try (InputStream file = new BufferedInputStream(Files.newInputStream(image))) {
            while (skipZeros(file)) {
                CpioArchiveInputStream archive = new CpioArchiveInputStream(file);
                CpioArchiveEntry entry = archive.getNextEntry();
                while (entry != null) {
                    found.put(entry.getName(), Long.toOctalString(entry.getMode()) + " "
                            + new String(archive.readAllBytes(), StandardCharsets.UTF_8));
                    entry = archive.getNextEntry();
                }
            }
        }
        return found;
    }

    /** As Linux does between archives; false at the end. */
    private static boolean skipZeros(InputStream file) throws IOException {
        int octet;
        do {
            file.mark(1);
            octet = file.read();
        } while (octet == 0);
        file.reset();
        return octet > 0;
    }

    private static Map<String, String> contentsOf(Fd archive) throws IOException {
        try (archive) {
            return contents(Path.of("/proc/self/fd/" + archive.value()));
        }
    }

    @Test
    void aGuestFindsBusyboxItsModulesAndWhatToDo() throws IOException {
        Map<String, String> files = contentsOf(initramfs().forRun(cache, run("sh", "-c", "echo 'it''s'")));
        assertEquals("100755 a busybox", files.get("bin/busybox"));
        assertEquals("120755 busybox", files.get("bin/sh"));
        assertEquals("40755 ", files.get("proc"));
        assertTrue(files.get("vmm/init").startsWith("100755 #!/bin/busybox sh\n"), files.get("vmm/init"));
        String directory = "lib/modules/" + VERSION + "/";
        assertEquals("100644 module virtio_mmio", files.get(directory + "virtio_mmio.ko"), "unpacked, in one directory");
        assertEquals("100644 module virtio", files.get(directory + "virtio.ko"));
        assertEquals(null, files.get(directory + "sound.ko"), "nobody asked for it");
        assertEquals("100644 virtio.ko:\nvirtio_mmio.ko: virtio.ko\nvirtio_console.ko: virtio.ko\n", files.get(directory + "modules.dep"));
        assertEquals("100600 vmm_console='hvc0'\nvmm_errors='ttyS0'\nvmm_mode='plain'\nvmm_modules='virtio_mmio'\nvmm_nonce='vmm-nonce'\nvmm_root=''\n"
                + "vmm_term='xterm'\n", files.get("vmm/run"));
        assertEquals("100755 exec 'sh' '-c' 'echo '\\''it'\\'''\\''s'\\'''\n", files.get("vmm/command"));
        assertTrue(List.copyOf(files.keySet()).indexOf("lib") < List.copyOf(files.keySet()).indexOf("lib/modules"), "a directory before what is in it");
    }

    @Test
    void theWholeIsReadByCpio() throws Exception {
        Path image = initramfs().base(cache);
        Process cpio;
        try {
            cpio = new ProcessBuilder("cpio", "-t", "--quiet").redirectInput(image.toFile()).redirectErrorStream(true).start();
        } catch (IOException e) {
            assumeTrue(false, "no cpio here: " + e.getMessage());
            return;
        }
        String list = new String(cpio.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(cpio.waitFor(60, TimeUnit.SECONDS) && cpio.exitValue() == 0, list);
        assertTrue(list.lines().toList().containsAll(List.of("bin/busybox", "vmm/init", "lib/modules/" + VERSION + "/virtio.ko")), list);
    }

    @Test
    void whatIsTheSameIsMadeOnce() throws IOException {
        Path first = initramfs().base(cache);
        byte[] content = Files.readAllBytes(first);
        Files.writeString(first, "as it was left");
        assertEquals(first, initramfs().base(cache));
        assertEquals("as it was left", Files.readString(first), "not made again");
        Files.delete(first);
        assertEquals(-1, Arrays.mismatch(content, Files.readAllBytes(initramfs().base(cache))), "the same again");
    }

    @Test
    void anotherModuleBusyboxOrKernelIsAnotherInitramfs() throws IOException {
        Path first = initramfs().base(cache);
        Files.writeString(modules.resolve("virtio.ko"), "module Virtio");
        Path second = initramfs().base(cache);
        assertNotEquals(first, second);
        Files.writeString(busybox, "A busybox");
        Path third = initramfs().base(cache);
        assertNotEquals(second, third);
        assertNotEquals(third, new Initramfs("6.2", KernelModules.in(modules), busybox).base(cache));
    }

    @Test
    void theCommandRunsInTheRootFileSystemWhereThereIsOne() {
        assertEquals("exec chroot /sysroot 'ls' '-l'\n",
                new ShellRun("n", "hvc0", null, true, List.of(), "vda", List.of("ls", "-l"), null).script());
    }

    /** A header with one program header behind it. */
    private static byte[] elf(int programHeaderType) {
        ByteBuffer elf = ByteBuffer.allocate(64 + 56).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(0, (byte) 0x7f).put(1, (byte) 'E').put(2, (byte) 'L').put(3, (byte) 'F').put(4, (byte) 2);
        return elf.putLong(0x20, 64).putShort(0x36, (short) 56).putShort(0x38, (short) 1).putInt(64, programHeaderType).array();
    }

    @Test
    void aProgramThatNeedsLibrariesIsNoBusyboxForAGuest() throws IOException {
        assertTrue(Busybox.isStatic(elf(1)), "PT_LOAD alone");
        assertFalse(Busybox.isStatic(elf(3)), "PT_INTERP");
        assertFalse(Busybox.isStatic(Arrays.copyOf(elf(1), 64)), "cut off");
        assertFalse(Busybox.isStatic(new byte[10]));
        Path bin = Files.createDirectories(root.resolve("bin"));
        Files.write(bin.resolve("busybox"), elf(3));
        assertEquals(Optional.empty(), Busybox.find(root, null));
        Path other = Files.createDirectories(root.resolve("other"));
        Files.write(other.resolve("busybox"), elf(1));
        assertEquals(Optional.of(other.resolve("busybox")), Busybox.find(root, "relative:" + bin + ":" + other));
    }
}
