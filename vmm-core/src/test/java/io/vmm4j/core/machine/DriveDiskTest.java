package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DriveDiskTest {

    @TempDir
    private Path directory;
    private Path first;
    private Path second;
    private DriveDisk disk;

    @BeforeEach
    void openFirst() throws Exception {
        first = Files.write(directory.resolve("first.img"), new byte[512]);
        second = Files.write(directory.resolve("second.img"), new byte[1024]);
        disk = new DriveDisk(openOnly(first), List.of());
    }

    @AfterEach
    void close() throws IOException {
        disk.close();
    }

    private static DiskImage openOnly(Path image) throws ConfigException, IOException {
        Problems problems = new Problems();
        DiskImage opened = DiskImage.open(new DriveConfig("data", false, null, image.toString(), false, null), "drives[0]", problems);
        problems.throwIfAny();
        return opened;
    }

    private boolean isFree(Path image) throws IOException {
        try {
            openOnly(image).close();
            return true;
        } catch (ConfigException e) {
            return false;
        }
    }

    @Test
    void theNextImageIsLockedWhileTheOldOneIsStillInUse() throws Exception {
        BlkBackend before = disk.current();
        BlkBackend next = disk.open(second, null);
        assertSame(before, disk.current());
        assertFalse(isFree(first));
        assertFalse(isFree(second));
        assertTrue(disk.isOpen(first) && disk.isOpen(second) && !disk.isCurrent(second));
        disk.use(next);
        assertFalse(disk.isOpen(first));
        assertNotSame(before, disk.current());
        assertEquals(1024, disk.current().capacity());
        assertTrue(isFree(first));
        assertFalse(isFree(second));
    }

    @Test
    void aChangeOfTheImageKeepsASnapshotOutAndASnapshotKeepsAChangeOut() throws Exception {
        BlkBackend next = disk.open(second, null);
        assertEquals("a change of drive data's image", disk.stop(), "whichever the drive is on by now");
        disk.use(next);
        assertNull(disk.stop());
        IOException refused = assertThrows(IOException.class, () -> disk.open(first, null));
        assertEquals("drive data: a snapshot of the machine is being taken, or it is being put back to one: try again", refused.getMessage());
        assertTrue(isFree(first));
        disk.goOn();
        disk.drop(disk.open(first, null));
    }

    @Test
    void anImageThatIsDroppedIsFreeAgain() throws Exception {
        disk.drop(disk.open(second, null));
        assertTrue(isFree(second));
        assertFalse(isFree(first));
    }

    @Test
    void theImageInUseIsKnownByWhateverName() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link.img"), first);
        assertTrue(disk.isCurrent(first));
        assertTrue(disk.isCurrent(link));
        assertFalse(disk.isCurrent(second));
        assertFalse(disk.isCurrent(directory.resolve("missing")));
        Files.delete(first);
        Files.write(first, new byte[2048]);
        assertFalse(disk.isCurrent(first), "another file of the same name");
    }

    @Test
    void anImageThatCannotBeADrivesIsRefusedWithTheDrive() {
        ConfigException refused = assertThrows(ConfigException.class, () -> disk.open(directory.resolve("missing"), null));
        assertEquals("disk image " + directory.resolve("missing") + " does not exist (drives.data.path_on_host)", refused.getMessage());
    }

    @Test
    void anImageOfAnotherFormatIsRefusedUnlessItIsSaidToBeRaw() throws Exception {
        Files.write(second, new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3}, StandardOpenOption.WRITE);
        ConfigException refused = assertThrows(ConfigException.class, () -> disk.open(second, null));
        assertTrue(refused.getMessage().contains(" begins as a qcow2 image does"), refused.getMessage());
        assertTrue(disk.isCurrent(first), "the drive goes on");
        disk.use(disk.open(second, DriveConfig.Format.RAW));
        assertEquals(1024, disk.current().capacity());
        assertTrue(disk.isCurrent(second));
    }

    @Test
    void theEndOfTheMachineFreesAllImages() throws Exception {
        disk.open(second, null);
        disk.close();
        assertTrue(isFree(first));
        assertTrue(isFree(second));
        assertThrows(IOException.class, () -> disk.open(second, null));
        assertTrue(isFree(second));
        disk.close();
    }
}
