package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileRangesTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    @Test
    void dataAndHolesAreFound() throws Exception {
        try (MemFd file = MemFd.create("sparse", 4 * MIB, 0); Mapping mapping = Mapping.shared(file.fd().value(), 4 * MIB)) {
            mapping.buffer(0, 4 * MIB).put((int) MIB, (byte) 1);
            Fd fd = file.fd();
            assertEquals(MIB, FileRanges.nextData(fd, 0));
            assertEquals(0, FileRanges.nextHole(fd, 0));
            assertEquals(MIB + 5, FileRanges.nextData(fd, MIB + 5));
            assertEquals(-1, FileRanges.nextData(fd, FileRanges.nextHole(fd, MIB)));
            assertEquals(-1, FileRanges.nextHole(fd, 4 * MIB));
        }
    }

    @Test
    void aRangeIsCopiedByTheKernel() throws Exception {
        byte[] content = "0123456789".getBytes(StandardCharsets.US_ASCII);
        Path from = Files.write(directory.resolve("from"), content);
        Path to = Files.write(directory.resolve("to"), content);
        try (Fd source = Fd.open(from, Fd.O_RDONLY); Fd target = Fd.open(to, Fd.O_RDWR)) {
            assertEquals(3, FileRanges.copy(source, 5, target, 1, 3));
            assertEquals(0, FileRanges.copy(source, 10, target, 1, 3), "the end");
            assertEquals(Errno.EBADF, assertThrows(LinuxException.class, () -> FileRanges.copy(target, 0, source, 0, 1)).errno());
        }
        assertArrayEquals("0567456789".getBytes(StandardCharsets.US_ASCII), Files.readAllBytes(to));
    }
}
