package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.block.DiskModel;
import io.vmm4j.core.block.qcow2.Qcow2Overlay;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Drives on qcow2 images, and on overlays over others. */
final class DriveOverlayTest {

    private static final int SIZE = 1 << 20;

    @TempDir
    private Path directory;
    private Path base;
    private final byte[] content = new byte[SIZE];

    @BeforeEach
    void makeBase() throws IOException {
        new Random(2).nextBytes(content);
        base = Files.write(directory.resolve("base.img"), content);
    }

    private static DriveConfig drive(Path image) {
        return new DriveConfig("d", false, null, image.toString(), false, null);
    }

    private static DiskImage open(DriveConfig drive) throws ConfigException, IOException {
        Problems problems = new Problems();
        DiskImage image = DiskImage.open(drive, "drives[0]", problems);
        problems.throwIfAny();
        return image;
    }

    private static String refusal(DriveConfig drive) {
        return assertThrows(ConfigException.class, () -> open(drive)).getMessage();
    }

    private static void useAndCheck(BlkBackend disk, byte[] content, long seed) throws IOException {
        DiskModel model = new DiskModel(content, new Random(seed));
        for (int i = 0; i < 100; i++) {
            model.request(disk, 1 << 16);
        }
        model.check(disk);
    }

    @Test
    void aHundredDrivesInMemoryOnOneImageLeaveItAsItWas() throws Exception {
        List<BlkBackend> disks = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            disks.add(open(drive(base).withOverlay("memory")).toBackend(List.of()));
        }
        assertTrue(refusal(drive(base)).contains(" is in use by "), "nobody writes to it meanwhile");
        for (int i = 0; i < 100; i += 10) {
            useAndCheck(disks.get(i), content.clone(), i);
        }
        new DiskModel(content.clone(), new Random(1)).check(disks.get(99));
        for (BlkBackend disk : disks) {
            disk.close();
        }
        assertArrayEquals(content, Files.readAllBytes(base));
        open(drive(base)).close();
    }

    @Test
    void anOverlayFileIsAQcow2ImageWithTheBaseBehindIt() throws Exception {
        Path first = directory.resolve("first.qcow2");
        byte[] written = content.clone();
        try (BlkBackend disk = open(drive(base).withOverlay(first.toString())).toBackend(List.of());
                BlkBackend other = open(drive(base).withOverlay(directory + "/other")).toBackend(List.of())) {
            useAndCheck(disk, written, 5);
            useAndCheck(other, content.clone(), 6);
            assertTrue(refusal(drive(first)).contains(" is in use by "));
        }
        assertArrayEquals(content, Files.readAllBytes(base));
        try (BlkBackend again = open(drive(first)).toBackend(List.of())) {
            useAndCheck(again, written, 7);
        }
        // An overlay of an overlay, in memory.
        try (BlkBackend again = open(drive(first).withOverlay("memory")).toBackend(List.of())) {
            useAndCheck(again, written.clone(), 8);
        }
        try (BlkBackend again = open(drive(first)).toBackend(List.of())) {
            new DiskModel(written, new Random(1)).check(again);
        }
    }

    @Test
    void anOverlayThatExistsIsNotWrittenOver() throws Exception {
        Path overlay = Files.writeString(directory.resolve("precious"), "mine");
        assertEquals("overlay " + overlay + " exists: to go on with it, give it as path_on_host, with format \"qcow2\" (drives[0].overlay)",
                refusal(drive(base).withOverlay(overlay.toString())));
        assertEquals("mine", Files.readString(overlay));
        open(drive(base)).close();
    }

    @Test
    void anOverlayThatNoDriveCameToGoesAgain() throws Exception {
        Path overlay = directory.resolve("o.qcow2");
        open(drive(base).withOverlay(overlay.toString())).close();
        assertFalse(Files.exists(overlay));
        assertTrue(refusal(drive(base).withOverlay(directory + "/no/such")).startsWith("overlay " + directory + "/no/such cannot be made: "));
        open(drive(base)).close();
    }

    @Test
    void theNameOrTheFormatSaysThatAnImageIsQcow2AndNothingElseDoes() throws Exception {
        Path image = directory.resolve("guest.IMG");
        Qcow2Overlay.create(image, SIZE, base, true);
        assertTrue(refusal(drive(image)).contains(" begins as a qcow2 image does"));
        try (DiskImage disk = open(drive(image).withFormat(DriveConfig.Format.QCOW2))) {
            assertEquals(SIZE, disk.capacity());
        }
        try (DiskImage disk = open(drive(image).withFormat(DriveConfig.Format.RAW))) {
            assertEquals(Files.size(image), disk.capacity());
        }
        Path named = Files.move(image, directory.resolve("guest.QCOW2"));
        try (DiskImage disk = open(drive(named))) {
            assertEquals(SIZE, disk.capacity());
        }
        Path raw = Files.copy(base, directory.resolve("raw.qcow2"));
        assertEquals("disk image " + raw + " is not a qcow2 image, as its name says: with format \"raw\" it is taken as it is "
                + "(drives[0].path_on_host)", refusal(drive(raw)));
    }

    @Test
    void whatIsBehindAnImageIsNamedInWhatIsWrongWithIt() throws Exception {
        Path image = directory.resolve("o.qcow2");
        Path gone = directory.resolve("gone.img");
        Qcow2Overlay.create(image, SIZE, gone, true);
        assertEquals("disk image " + image + " has behind it " + gone + ", which does not exist (drives[0].path_on_host)", refusal(drive(image)));
        Files.copy(base, gone);
        try (DiskImage writer = open(drive(gone))) {
            assertTrue(refusal(drive(image)).contains(" has behind it " + gone + ", which is in use by another drive of this process"));
            assertEquals(SIZE, writer.capacity());
        }
        try (DiskImage reader = open(drive(image))) {
            assertTrue(refusal(drive(gone)).contains(" is in use by "), "nobody writes to what is behind an image in use");
            assertEquals(SIZE, reader.capacity());
        }
    }

    @Test
    void anOverlayOfAMachineThatNeverCameAboutGoesAgainAndOneOfAMachineStays() throws Exception {
        Path overlay = directory.resolve("o.qcow2");
        new DriveDisk(open(drive(base).withOverlay(overlay.toString())), List.of()).close();
        assertFalse(Files.exists(overlay));
        try (DriveDisk drive = new DriveDisk(open(drive(base).withOverlay(overlay.toString())), List.of())) {
            drive.keep();
        }
        assertTrue(Files.exists(overlay));
    }

    @Test
    void aDriveOnAnOverlayFileTakesNoOtherImageAndKnowsWhatItIsOver() throws Exception {
        Path overlay = directory.resolve("o.qcow2");
        Path other = Files.write(directory.resolve("other.img"), new byte[512]);
        try (DriveDisk drive = new DriveDisk(open(drive(base).withOverlay(overlay.toString())), List.of())) {
            assertTrue(drive.isCurrent(base) && drive.isCurrent(overlay) && !drive.isCurrent(other));
            assertEquals("drive d is on qcow2 image " + overlay + ", which does not grow while it is in use: `qemu-img resize` waits for the "
                    + "machine's end (drives.d.path_on_host)", assertThrows(ConfigException.class, drive::requireGrowable).getMessage());
            assertEquals("drive d is on overlay " + overlay + ", which has " + base + " behind it: image " + other
                    + " would need another overlay (drives.d.path_on_host)", assertThrows(ConfigException.class, () -> drive.open(other)).getMessage());
        }
        try (DriveDisk drive = new DriveDisk(open(drive(base).withOverlay("memory")), List.of())) {
            drive.requireGrowable();
            drive.use(drive.open(other));
            assertEquals(512, drive.current().capacity());
            assertFalse(drive.isCurrent(base));
        }
    }

    @Test
    void anOverlayInMemoryGrowsWithItsImage() throws Exception {
        Path odd = Files.write(directory.resolve("odd.img"), Arrays.copyOf(content, 512 * 9)); // within a block of the overlay
        try (BlkBackend disk = open(drive(odd).withOverlay("memory")).toBackend(List.of())) {
            DiskModel model = new DiskModel(Arrays.copyOf(content, 512 * 9), new Random(3));
            model.write(disk, 512 * 8, new byte[512]);
            Files.write(odd, content);
            assertEquals(SIZE, disk.capacity());
            byte[] expected = content.clone();
            Arrays.fill(expected, 512 * 8, 512 * 9, (byte) 0);
            new DiskModel(expected, new Random(3)).check(disk);
            useAndCheck(disk, expected, 9);
        }
        assertArrayEquals(content, Files.readAllBytes(odd));
    }

    @Test
    void aRunningDriveGoesOverToAQcow2Image() throws Exception {
        Path image = directory.resolve("o.qcow2");
        Qcow2Overlay.create(image, SIZE, base.toAbsolutePath(), true);
        Path first = Files.write(directory.resolve("first.img"), new byte[512]);
        try (DriveDisk drive = new DriveDisk(open(drive(first)), List.of())) {
            drive.use(drive.open(image, null));
            assertTrue(drive.isCurrent(image));
            new DiskModel(content.clone(), new Random(1)).check(drive.current());
        }
    }
}
