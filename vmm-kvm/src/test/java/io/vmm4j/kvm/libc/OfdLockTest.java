package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OfdLockTest {
    @TempDir
    Path directory;

    private Path image;

    @BeforeEach
    void createImage() throws Exception {
        image = Files.write(directory.resolve("image"), new byte[512]);
    }

    @Test
    void anExclusiveLockKeepsEveryOtherOpenFileOut() throws Exception {
        try (Fd one = Fd.open(image, Fd.O_RDWR); Fd two = Fd.open(image, Fd.O_RDWR)) {
            assertTrue(OfdLock.tryLock(one, true));
            assertFalse(OfdLock.tryLock(two, true), "the same process is no excuse");
            assertFalse(OfdLock.tryLock(two, false));
            assertTrue(OfdLock.tryLock(one, true), "the holder may ask again");
        }
    }

    @Test
    void readersShareAndKeepWritersOut() throws Exception {
        try (Fd one = Fd.open(image, Fd.O_RDONLY); Fd two = Fd.open(image, Fd.O_RDONLY);
                Fd writer = Fd.open(image, Fd.O_RDWR)) {
            assertTrue(OfdLock.tryLock(one, false));
            assertTrue(OfdLock.tryLock(two, false));
            assertFalse(OfdLock.tryLock(writer, true));
        }
    }

    @Test
    void closingOrUnlockingLetsTheNextIn() throws Exception {
        try (Fd two = Fd.open(image, Fd.O_RDWR)) {
            Fd one = Fd.open(image, Fd.O_RDWR);
            assertTrue(OfdLock.tryLock(one, true));
            one.close();
            assertTrue(OfdLock.tryLock(two, true));
            OfdLock.unlock(two);
            try (Fd three = Fd.open(image, Fd.O_RDWR)) {
                assertTrue(OfdLock.tryLock(three, true));
            }
        }
    }

    @Test
    void theHolderIsNamedByProcess() throws Exception {
        try (Fd one = Fd.open(image, Fd.O_RDWR); Fd two = Fd.open(image, Fd.O_RDWR)) {
            assertEquals(OptionalLong.empty(), OfdLock.holder(two, true), "nobody yet");
            assertTrue(OfdLock.tryLock(one, true));
            assertEquals(OptionalLong.of(ProcessHandle.current().pid()), OfdLock.holder(two, true));
        }
    }
}
