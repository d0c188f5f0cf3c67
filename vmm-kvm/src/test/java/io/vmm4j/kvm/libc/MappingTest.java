package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MappingTest {
    @Test
    void chunksCoverTheMappingInOrderWithAShorterLastOne() throws Exception {
        try (Mapping mapping = Mapping.anonymous(10 * 4096)) {
            List<ByteBuffer> chunks = mapping.buffers(4 * 4096);
            assertEquals(List.of(16384, 16384, 8192), chunks.stream().map(ByteBuffer::capacity).toList());
            for (int i = 0; i < chunks.size(); i++) {
                assertEquals(mapping.address() + i * 16384L, LibC.address(chunks.get(i)));
                assertEquals(ByteOrder.LITTLE_ENDIAN, chunks.get(i).order());
            }
            chunks.get(1).putInt(0, 0x01020304);
            assertEquals(4, mapping.buffer(16384, 4).get(0), "buffers over the same bytes");
        }
    }

    @Test
    void moreThanTwoGibibytesComeInChunksOfOne() throws Exception {
        long fiveGib = 5L << 30;
        try (Mapping mapping = Mapping.anonymous(fiveGib)) {
            List<ByteBuffer> chunks = mapping.buffers(Mapping.MAX_CHUNK_SIZE);
            assertEquals(5, chunks.size());
            chunks.get(4).putLong((1 << 30) - 8, 42);
            assertEquals(42, mapping.buffer(fiveGib - 8, 8).getLong(0));
        }
    }

    @Test
    void chunkSizesOutOfBoundsAreRefused() throws Exception {
        try (Mapping mapping = Mapping.anonymous(4096)) {
            assertThrows(IllegalArgumentException.class, () -> mapping.buffers(0));
            assertThrows(IllegalArgumentException.class, () -> mapping.buffers((1L << 30) + 1));
            assertThrows(IndexOutOfBoundsException.class, () -> mapping.buffer(4095, 2));
        }
    }

    @Test
    void droppedPagesReadAsZero() throws Exception {
        try (Mapping mapping = Mapping.anonymous(2 * 4096)) {
            ByteBuffer bytes = mapping.buffer(0, 2 * 4096);
            bytes.put(0, (byte) 1).put(4096, (byte) 2);
            mapping.advise(Mapping.MADV_DONTNEED, 4096, 4096);
            assertEquals(1, bytes.get(0));
            assertEquals(0, bytes.get(4096));
        }
    }

    @Test
    void guestMemoryAdviceIsTaken() throws Exception {
        try (Mapping mapping = Mapping.anonymous(4 << 20)) {
            mapping.advise(Mapping.MADV_DONTFORK);
            mapping.advise(Mapping.MADV_DONTDUMP);
            LinuxException e = assertThrows(LinuxException.class, () -> mapping.advise(Mapping.MADV_DONTNEED, 1, 4096));
            assertEquals("madvise(4): Invalid argument (EINVAL)", e.getMessage());
        }
    }

    @Test
    void removedPagesGoBackFromTheFileToo() throws Exception {
        try (MemFd file = MemFd.create("test", 8192, 0); Mapping one = Mapping.shared(file.fd().value(), 8192);
                Mapping two = Mapping.shared(file.fd().value(), 8192)) {
            one.buffer(0, 8192).put(5000, (byte) 9);
            assertEquals(9, two.buffer(0, 8192).get(5000), "shared");
            assertTrue(file.fd().stat().blocks() > 0);
            one.advise(Mapping.MADV_REMOVE);
            assertEquals(0, file.fd().stat().blocks(), "before anyone touches the page again");
            assertEquals(0, two.buffer(0, 8192).get(5000));
        }
    }

    @Test
    void syncedWritesAreInTheFile(@TempDir Path directory) throws Exception {
        Path path = Files.write(directory.resolve("file"), new byte[4096]);
        try (Fd fd = Fd.open(path, Fd.O_RDWR); Mapping mapping = Mapping.shared(fd.value(), 4096)) {
            mapping.buffer(0, 4096).put(100, (byte) 7);
            mapping.sync();
            assertEquals(7, Files.readAllBytes(path)[100]);
        }
    }

    @Test
    void aClosedMappingGivesNoBuffersAndMayBeClosedAgain() throws Exception {
        Mapping mapping = Mapping.anonymous(4096);
        mapping.close();
        mapping.close();
        assertThrows(IllegalStateException.class, () -> mapping.buffer(0, 1));
    }

    @Test
    void memoryThatCannotBeHadIsAnError() {
        LinuxException e = assertThrows(LinuxException.class, () -> Mapping.anonymous(1L << 60));
        assertEquals(Errno.ENOMEM, e.errno());
    }

    @Test
    void theSizeOfAMemFdIsSealed() throws Exception {
        try (MemFd file = MemFd.create("test", 4096, 0)) {
            assertEquals(4096, file.fd().stat().size());
            assertEquals(MemFd.F_SEAL_SHRINK | MemFd.F_SEAL_GROW | MemFd.F_SEAL_SEAL, file.seals());
            assertEquals(Errno.EPERM, assertThrows(LinuxException.class, () -> file.fd().truncate(0)).errno());
        }
    }

    @Test
    void anAlignedMappingLeavesNothingElseMapped() throws Exception {
        String maps = "";
        // What the JVM reserves for itself may lie beside one mapping, but not beside every one.
        for (int attempt = 0; attempt < 8; attempt++) {
            long alignment = 2L << 20;
            int size = 3 << 20;
            try (Mapping elsewhere = Mapping.anonymous(1L << 20 << attempt);
                    Mapping mapping = Mapping.aligned(-1, size, alignment, Mapping.PROT_READ | Mapping.PROT_WRITE,
                            Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS)) {
                assertEquals(1L << 20 << attempt, elsewhere.length());
                assertEquals(0, mapping.address() % alignment);
                assertEquals(size, mapping.length());
                mapping.buffer(0, size).put(0, (byte) 1).put(size - 1, (byte) 2);
                maps = "\n" + Files.readString(Path.of("/proc/self/maps"));
                if (!isBesideReserved(maps, mapping.address(), size)) {
                    return;
                }
            }
        }
        fail(maps);
    }

    private static boolean isBesideReserved(String maps, long address, int size) {
        int behind = maps.indexOf("\n" + Long.toHexString(address + size) + "-");
        return maps.contains("-" + Long.toHexString(address) + " ---p")
                || behind >= 0 && maps.substring(behind + 1, maps.indexOf('\n', behind + 1)).contains("---p");
    }

    private static Path threePages(Path directory) throws Exception {
        byte[] content = new byte[3 * 4096];
        java.util.Arrays.fill(content, 4096, 8192, (byte) 'b');
        java.util.Arrays.fill(content, 8192, 12288, (byte) 'c');
        return Files.write(directory.resolve("pages"), content);
    }

    @Test
    void aPrivateMappingOfAFileIsItsOwnFromTheFirstWriteOn(@TempDir Path directory) throws Exception {
        Path path = threePages(directory);
        try (Fd fd = Fd.open(path, Fd.O_RDONLY); Mapping one = Mapping.privateOf(fd.value(), 4096, 8192);
                Mapping two = Mapping.privateOf(fd.value(), 4096, 8192)) {
            assertEquals('b', one.buffer(0, 8192).get(0));
            assertEquals('c', one.buffer(0, 8192).get(4096));
            one.buffer(0, 8192).put(0, (byte) 'x');
            assertEquals('b', two.buffer(0, 8192).get(0));
            assertEquals('b', Files.readAllBytes(path)[4096]);
            one.advise(Mapping.MADV_DONTNEED);
            assertEquals('b', one.buffer(0, 8192).get(0), "the write is undone");
        }
    }

    @Test
    void aReadOnlyMappingShowsWhatIsWrittenToTheFile(@TempDir Path directory) throws Exception {
        try (Fd fd = Fd.open(threePages(directory), Fd.O_RDWR); Mapping mapping = Mapping.readOnly(fd.value(), 8192, 4096)) {
            assertEquals('c', mapping.buffer(0, 4096).get(5));
            NativeStruct byteToWrite = NativeStruct.string("y");
            fd.pwrite(byteToWrite.address(), 1, 8192 + 5);
            assertEquals('y', mapping.buffer(0, 4096).get(5));
        }
    }

    @Test
    void aRangeIsReplacedAndItsNeighboursStay(@TempDir Path directory) throws Exception {
        try (Fd fd = Fd.open(threePages(directory), Fd.O_RDONLY); Mapping mapping = Mapping.anonymous(3 * 4096)) {
            ByteBuffer bytes = mapping.buffer(0, 3 * 4096);
            bytes.put(0, (byte) 1).put(4096, (byte) 2).put(8192, (byte) 3);
            mapping.replace(4096, 4096, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_PRIVATE, fd.value(), 8192);
            assertEquals(1, bytes.get(0));
            assertEquals('c', bytes.get(4096));
            assertEquals(3, bytes.get(8192));
            mapping.replace(4096, 4096, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS, -1, 0);
            assertEquals(0, bytes.get(4096));
            assertThrows(IndexOutOfBoundsException.class, () -> mapping.replace(8192, 8192, 3, Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS, -1, 0));
            assertThrows(IllegalArgumentException.class, () -> mapping.replace(1, 4096, 3, Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS, -1, 0));
        }
    }

    @Test
    void residencyTellsWhichPagesWereWritten() throws Exception {
        try (Mapping mapping = Mapping.anonymous(64 * 4096)) {
            mapping.advise(Mapping.MADV_NOHUGEPAGE);
            mapping.buffer(0, 64 * 4096).put(7 * 4096, (byte) 1);
            ByteBuffer pages = ByteBuffer.allocateDirect(64);
            mapping.residency(0, 64 * 4096, pages);
            assertEquals(1, pages.get(7) & 1);
            assertEquals(0, pages.get(8) & 1);
            assertThrows(IndexOutOfBoundsException.class, () -> mapping.residency(0, 64 * 4096, ByteBuffer.allocateDirect(63)));
        }
    }

    @Test
    void theMapOfPagesTellsAMappingsOwnFromTheFiles(@TempDir Path directory) throws Exception {
        try (Fd fd = Fd.open(threePages(directory), Fd.O_RDONLY); Mapping mapping = Mapping.privateOf(fd.value(), 0, 3 * 4096);
                PageMap map = PageMap.open(3)) {
            mapping.buffer(0, 4096).get(0);
            mapping.buffer(4096, 4096).put(0, (byte) 1);
            java.nio.LongBuffer entries = map.read(mapping.address(), 3);
            assertEquals(List.of(false, true, false), List.of(PageMap.isOwn(entries.get(0)), PageMap.isOwn(entries.get(1)), PageMap.isOwn(entries.get(2))));
            mapping.advise(Mapping.MADV_DONTNEED);
            assertEquals(false, PageMap.isOwn(map.read(mapping.address(), 3).get(1)));
            assertThrows(IllegalArgumentException.class, () -> map.read(mapping.address(), 4));
        }
    }

    @Test
    void aFrozenMemFdIsReadAndPrivatelyMappedButNotWritten() throws Exception {
        try (MemFd file = MemFd.createToFreeze("test", 8192, 0)) {
            try (Mapping writable = Mapping.shared(file.fd().value(), 8192)) {
                writable.buffer(0, 8192).put(0, (byte) 9);
                assertEquals(Errno.EBUSY, assertThrows(LinuxException.class, file::sealWrites).errno());
                file.sealFutureWrites();
                writable.buffer(0, 8192).put(1, (byte) 8);
            }
            file.sealWrites();
            assertEquals(Errno.EPERM, assertThrows(LinuxException.class, () -> Mapping.shared(file.fd().value(), 8192)).errno());
            try (Mapping fork = Mapping.privateOf(file.fd().value(), 0, 8192)) {
                fork.buffer(0, 8192).put(0, (byte) 1);
                assertEquals(8, fork.buffer(0, 8192).get(1));
            }
        }
    }
}
