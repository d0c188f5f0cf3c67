package io.vmm4j.core.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.libc.Mapping;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FrozenMemoryTest {

    private static final int PAGES = 512;

    private static byte[] content(Mapping ram) {
        byte[] bytes = new byte[(int) ram.length()];
        ram.buffer(0, ram.length()).get(bytes);
        return bytes;
    }

    private static void write(Mapping ram, int page, int octet) {
        byte[] bytes = new byte[Pages.SIZE];
        Arrays.fill(bytes, (byte) octet);
        ram.buffer(Pages.bytes(page), Pages.SIZE).put(bytes);
    }

    private static BitSet pages(int... numbers) {
        BitSet set = new BitSet();
        for (int number : numbers) {
            set.set(number);
        }
        return set;
    }

    private static FrozenMemory freeze(Mapping ram) throws Exception {
        PageCopy copy = PageCopy.of(ram, Residency.touched(ram));
        return FrozenMemory.of(ram.length(), copy.file(), copy.data());
    }

    @Test
    void whatIsMappedIsWhatWasFrozenAndWritesAreTheMappersOwn() throws Exception {
        try (Mapping ram = Mapping.anonymous(Pages.bytes(PAGES))) {
            write(ram, 3, 1);
            write(ram, 500, 2);
            byte[] then = content(ram);
            FrozenMemory frozen = freeze(ram);
            write(ram, 3, 9);
            try (Mapping one = frozen.map(); Mapping other = frozen.map()) {
                write(one, 4, 7);
                assertArrayEquals(then, content(other));
                assertEquals(7, one.buffer(Pages.bytes(4), 1).get(0));
                assertEquals(pages(4), new PrivatePages(one).among(3, 4));
            }
            frozen.release();
        }
    }

    /** Looks at a private mapping's own pages. */
    private record PrivatePages(Mapping mapping) {
        BitSet among(int from, int to) throws Exception {
            BitSet written = Residency.written(mapping);
            written.and(pages(from, to));
            return written;
        }
    }

    @Test
    void pagesOfZerosThatWereTouchedAreNotCopied() throws Exception {
        try (Mapping ram = Mapping.anonymous(Pages.bytes(PAGES))) {
            write(ram, 10, 0);
            write(ram, 20, 5);
            PageCopy copy = PageCopy.of(ram, Residency.touched(ram));
            assertEquals(pages(20), copy.data());
            assertEquals(pages(20), Residency.dataOf(copy.file().fd(), ram.length()));
            copy.file().release();
        }
    }

    @Test
    void layersOverOneAnotherAreAsTheRamWasEachTime() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<FrozenMemory> frozen = new ArrayList<>();
        List<byte[]> contents = new ArrayList<>();
        try (Mapping ram = Mapping.anonymous(Pages.bytes(PAGES))) {
            for (int page = 0; page < PAGES / 2; page++) {
                write(ram, random.nextInt(PAGES), 1 + random.nextInt(255));
            }
            frozen.add(freeze(ram));
            contents.add(content(ram));
            for (int round = 0; round < 20; round++) {
                BitSet written = new BitSet();
                int from = random.nextInt(PAGES);
                int to = Math.min(PAGES, from + 1 + random.nextInt(200));
                for (int page = from; page < to; page += 1 + random.nextInt(3)) {
                    write(ram, page, random.nextInt(3) == 0 ? random.nextInt(256) : 0);
                    written.set(page);
                }
                frozen.add(RamHistory.layerOver(frozen.get(round), ram, written));
                contents.add(content(ram));
            }
            for (int round = 0; round < frozen.size(); round++) {
                FrozenMemory one = frozen.get(round);
                try (Mapping mapped = one.map(); Mapping copied = Mapping.anonymous(ram.length())) {
                    assertArrayEquals(contents.get(round), content(mapped), "mapped, round " + round + ", seed " + seed);
                    copied.buffer(0, ram.length()).put(content(ram));
                    one.copyTo(copied, Residency.all(ram.length()));
                    assertArrayEquals(contents.get(round), content(copied), "copied, round " + round + ", seed " + seed);
                }
                if (round > 0) {
                    assertChangesAreKnown(frozen.get(round), frozen.get(round - 1), contents.get(round), contents.get(round - 1), seed);
                }
            }
        }
        frozen.forEach(FrozenMemory::release);
    }

    private static void assertChangesAreKnown(FrozenMemory after, FrozenMemory before, byte[] now, byte[] then, long seed) {
        BitSet known = after.changedSince(before);
        for (int page = 0; page < PAGES; page++) {
            int at = page * Pages.SIZE;
            boolean isSame = Arrays.equals(now, at, at + Pages.SIZE, then, at, at + Pages.SIZE);
            assertTrue(isSame || known.get(page), "page " + page + " changed, seed " + seed);
        }
        assertTrue(known.cardinality() < PAGES, "only what was written is looked at: " + known.cardinality() + ", seed " + seed);
    }

    /** With fork number 32 of a machine that had written here and there, the process was at vm.max_map_count. */
    @Test
    void aThousandMachinesMayMapAMemoryOfManyPieces() throws Exception {
        int pages = 8192;
        try (Mapping ram = Mapping.anonymous(Pages.bytes(pages))) {
            for (int page = 0; page < pages; page++) {
                write(ram, page, 1 + page % 200);
            }
            FrozenMemory first = freeze(ram);
            BitSet written = new BitSet();
            for (int page = 20; page < pages; page += 20) {
                write(ram, page, 255);
                written.set(page);
            }
            for (int page = 5000; page < 5100; page++) {
                write(ram, page, 0);
                written.set(page);
            }
            FrozenMemory second = RamHistory.layerOver(first, ram, written);
            assertTrue(second.runs().size() > 300, "pieces: " + second.runs().size());
            first.release();
            for (int turn = 0; turn < 2; turn++) {
                try (Mapping mapped = second.map()) {
                    assertArrayEquals(content(ram), content(mapped));
                    assertTrue(mappingsIn(mapped) <= 41, "mappings of one machine's RAM: " + mappingsIn(mapped));
                }
            }
            second.release();
        }
    }

    private static long mappingsIn(Mapping mapping) throws Exception {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.map(line -> Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16))
                    .filter(from -> from >= mapping.address() && from < mapping.address() + mapping.length()).count();
        }
    }

    @Test
    void anEmptyMemoryHasNoFileAndIsAllZeros() throws Exception {
        try (Mapping ram = Mapping.anonymous(Pages.bytes(PAGES))) {
            FrozenMemory frozen = freeze(ram);
            assertEquals(List.of(), frozen.runs());
            try (Mapping mapped = frozen.map()) {
                assertArrayEquals(new byte[(int) ram.length()], content(mapped));
            }
            frozen.release();
        }
    }
}
