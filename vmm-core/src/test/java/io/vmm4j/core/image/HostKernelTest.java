package io.vmm4j.core.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostKernelTest {

    @TempDir
    private Path root;

    @ParameterizedTest
    @CsvSource({"6.1.0-9-amd64, 6.1.0-10-amd64", "6.9.1, 6.10.0", "6.12-rc3, 6.12", "6.12~rc3-amd64, 6.12-amd64", "6.12-rc9, 6.12-rc10", "6.12, 6.12.1",
        "5.10.0-30-cloud-amd64, 6.1.0-18-amd64", "0-rescue-99, 6.1.0", "6.1.0, 6.1.0-1"})
    void versionsAreComparedNumberByNumber(String older, String newer) {
        assertTrue(HostKernel.compareVersions(older, newer) < 0, older + " is before " + newer);
        assertTrue(HostKernel.compareVersions(newer, older) > 0, newer + " is after " + older);
        assertEquals(0, HostKernel.compareVersions(newer, newer));
    }

    @Test
    void theNewestKernelIsFoundAmongOtherFiles() throws IOException {
        for (String file : new String[] {"vmlinuz-6.1.0-9-amd64", "vmlinuz-6.1.0-18-amd64", "initrd.img-6.9", "vmlinuz", "config-7"}) {
            Files.createFile(root.resolve(file));
        }
        for (String copy : new String[] {".old", ".bak", ".dpkg-new", ".dpkg-tmp", ".rpmsave", ".hmac", "~", ".ORIG"}) {
            Files.createFile(root.resolve("vmlinuz-6.9.0-1-amd64" + copy));
        }
        Files.createDirectory(root.resolve("vmlinuz-9.9"));
        assertEquals(Optional.of(root.resolve("vmlinuz-6.1.0-18-amd64")), HostKernel.newestIn(root));
    }

    @Test
    void withoutKernelsOrADirectoryThereIsNone() throws IOException {
        assertEquals(Optional.empty(), HostKernel.newestIn(root));
        assertEquals(Optional.empty(), HostKernel.newestIn(root.resolve("gone")));
    }

    private Path bzImage(String version) throws IOException {
        byte[] image = new byte[8192];
        System.arraycopy("HdrS".getBytes(StandardCharsets.US_ASCII), 0, image, 0x202, 4);
        image[0x20e] = 0x00;
        image[0x20f] = 0x10;
        byte[] text = version.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, image, 0x1200, text.length);
        return Files.write(root.resolve("image"), image);
    }

    @Test
    void aBzImageSaysItsVersionInItsHeader() throws IOException {
        assertEquals("6.1.0-18-amd64", HostKernel.of(bzImage("6.1.0-18-amd64 (debian@example) #1 SMP")).version());
    }

    @Test
    void aVersionThatWouldLeaveTheDirectoryIsNone() throws IOException {
        assertNull(HostKernel.of(bzImage("6/../../../etc")).version());
        assertNull(HostKernel.of(bzImage("../etc")).version());
    }

    @Test
    void aVmlinuxSaysItInItsBannerAlsoWhereTwoReadsMeet() throws IOException {
        byte[] banner = "Linux version 6.6.1-test (who@where) ".getBytes(StandardCharsets.US_ASCII);
        for (int place : new int[] {100, (64 << 10) - 10, (64 << 10) + (1 << 20) - 20}) {
            byte[] image = new byte[3 << 20];
            System.arraycopy(banner, 0, image, place, banner.length);
            assertEquals("6.6.1-test", HostKernel.of(Files.write(root.resolve("vmlinux"), image)).version(), "at " + place);
        }
        assertNull(HostKernel.of(Files.write(root.resolve("vmlinux"), new byte[100])).version());
    }

    @Test
    void modulesBesideTheImageComeBeforeThoseOfTheHost() throws IOException {
        Path unpacked = root.resolve("deb");
        Path host = root.resolve("host");
        HostKernel kernel = new HostKernel(Files.createDirectories(unpacked.resolve("boot")).resolve("vmlinuz-6.1"), "6.1");
        assertEquals(Optional.empty(), kernel.modules(host));
        Path ofHost = Files.createDirectories(host.resolve("lib/modules/6.1"));
        assertEquals(Optional.of(ofHost), kernel.modules(host));
        Path beside = Files.createDirectories(unpacked.resolve("lib/modules/6.1"));
        assertEquals(Optional.of(beside), kernel.modules(host));
        assertEquals(Optional.empty(), new HostKernel(kernel.image(), null).modules(host));
    }
}
