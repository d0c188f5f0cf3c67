package io.vmm4j.core.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.core.memory.FrozenFile;
import io.vmm4j.core.memory.FrozenMemory;
import io.vmm4j.core.snapshot.file.PageSet;
import io.vmm4j.kvm.libc.Fd;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FrozenPagesTest {

    private static final int PAGE = PageSet.PAGE_SIZE;
    private static final int PAGES = 1024;

    @TempDir
    private Path directory;

    /** A memory in a file of its own, with so many bytes of which each fills a page; 0 is a hole. */
    private FrozenMemory memory(String name, int... fills) throws Exception {
        byte[] bytes = new byte[PAGES * PAGE];
        BitSet data = new BitSet();
        for (int page = 0; page < fills.length; page++) {
            bytes[page * PAGE + page] = (byte) fills[page];
            data.set(page, fills[page] != 0);
        }
        Path file = Files.write(directory.resolve(name), bytes);
        return FrozenMemory.of(bytes.length, new FrozenFile(Fd.open(file, Fd.O_RDONLY), 0), data);
    }

    private static List<Long> differing(FrozenMemory now, FrozenMemory before) throws Exception {
        List<Long> pages = new ArrayList<>();
        new FrozenPages(now).differingFrom(before).forEachRun((from, to) -> {
            for (long page = from; page < to; page++) {
                pages.add(page);
            }
        });
        return pages;
    }

    @Test
    void whatIsInAnotherFileIsComparedAndOnlyWhatIsOtherDiffers() throws Exception {
        FrozenMemory before = memory("before", 1, 2, 3, 0, 5);
        FrozenMemory now = memory("now", 1, 7, 0, 4, 5);
        assertEquals(List.of(1L, 2L, 3L), differing(now, before), "written, made zero, and zero before");
        assertEquals(List.of(), differing(now, now));
        now.release();
        before.release();
    }

    @Test
    void memoryOfZerosDiffersInAllThatTheOtherHas() throws Exception {
        FrozenMemory before = memory("before", 0, 0, 9);
        FrozenMemory zeros = new FrozenMemory((long) PAGES * PAGE, List.of());
        assertEquals(List.of(2L), differing(zeros, before));
        assertEquals(List.of(2L), differing(before, zeros));
        before.release();
    }
}
