package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.KvmException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ResourceLimitsTest {

    /** The soft limit as proc tells it. */
    private static String limit(String name) throws Exception {
        return Files.readAllLines(Path.of("/proc/self/limits")).stream().filter(line -> line.startsWith(name)).findFirst().orElseThrow()
                .substring(26).strip().split(" ")[0];
    }

    @Test
    void aProcessWithoutDescriptorsIsToldItsLimitAndHowToRaiseIt() throws Exception {
        String hint = new LinuxException("eventfd", Errno.EMFILE).hint();
        assertTrue(hint.contains(limit("Max open files") + " (RLIMIT_NOFILE)"), hint);
        assertTrue(hint.contains("ulimit -n"), hint);
        assertTrue(new KvmException("open(/dev/kvm)", Errno.EMFILE, "").getMessage().endsWith(hint));
    }

    @Test
    void memoryThatIsMoreThanAFileMayHaveIsToldByThatLimit() {
        NativeStruct before = NativeStruct.allocate(16);
        assertEquals(0, LibC.syscall(302, before, 3, 0, 1, 0, 0)); // prlimit64, RLIMIT_FSIZE
        NativeStruct limit = NativeStruct.allocate(16);
        limit.bytes().putLong(0, 1 << 30).putLong(8, before.bytes().getLong(8));
        assertEquals(0, LibC.syscall(302, limit, 2, 0, 1, 0, 0));
        try {
            LinuxException refusal = assertThrows(LinuxException.class, () -> MemFd.create("ram", 2L << 30, 0).close());
            assertTrue(refusal.isShortage());
            assertTrue(refusal.getMessage().contains("1073741824 bytes (RLIMIT_FSIZE)"), refusal.getMessage());
        } finally {
            assertEquals(0, LibC.syscall(302, before, 2, 0, 1, 0, 0));
        }
        assertEquals(before.bytes().getLong(0) >= 0, new LinuxException("write", Errno.EFBIG).isShortage(), "without a limit it is the file system's");
    }

    @Test
    void aLackOfThreadsIsToldWithWhatLimitsThem() throws Exception {
        String limit = limit("Max processes");
        String text = ResourceLimits.ofThreads();
        assertTrue(text.startsWith("this user may have " + (limit.equals("unlimited") ? "any number of" : limit) + " threads"), text);
    }

    @Test
    void otherErrorsHaveNoHintOfTheirOwnAndAHintThatIsGivenStays() {
        assertEquals("", new LinuxException("open(/a)", Errno.ENOENT).hint());
        assertEquals("buy more", new LinuxException("mmap", Errno.ENOMEM, "buy more").hint());
        assertTrue(new LinuxException("mmap", Errno.ENOMEM).isShortage());
        assertFalse(new LinuxException("open(/a)", Errno.EACCES).isShortage());
    }
}
