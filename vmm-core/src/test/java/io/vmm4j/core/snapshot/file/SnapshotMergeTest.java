package io.vmm4j.core.snapshot.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotMergeTest {

    @TempDir
    Path top;

    private SnapshotInfo merge(String base, String out, String... diffs) throws Exception {
        return SnapshotMerge.merge(top.resolve(base), paths(diffs), top.resolve(out), true, done -> { });
    }

    private List<Path> paths(String... names) {
        List<Path> paths = new ArrayList<>();
        for (String name : names) {
            paths.add(top.resolve(name));
        }
        return paths;
    }

    private byte[] memory(String name) throws Exception {
        return Files.readAllBytes(top.resolve(name).resolve("memory"));
    }

    private String refusal(String base, String... diffs) {
        String message = assertThrows(SnapshotFileException.class, () -> merge(base, "out", diffs)).getMessage();
        assertTrue(Files.notExists(top.resolve("out")), message);
        assertTrue(!message.contains("\n"), message);
        return message;
    }

    @RepeatedTest(5)
    void fiveDiffsMergedAreTheFullOneByteByByte() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Guest guest = Guest.of(1500);
        guest.writeSome(random, 300);
        SnapshotInfo last = guest.saveFull(top.resolve("0"));
        for (int i = 1; i <= 5; i++) {
            guest.writeSome(random, 60);
            last = guest.saveDiff(top.resolve("" + i), last.id());
        }
        guest.saveFull(top.resolve("full"));
        SnapshotInfo merged = merge("0", "out", "1", "2", "3", "4", "5");
        assertTrue(Arrays.equals(memory("full"), memory("out")), "seed " + seed);
        assertEquals(last.id(), merged.id());
        assertEquals(last.created(), merged.created());
        assertTrue(!merged.isDiff());
        assertEquals(guest.pages.size() * 4096L, merged.usedBytes(), "seed " + seed);
        // By pairs, the diffs first.
        merge("1", "12", "2");
        merge("12", "123", "3");
        merge("4", "45", "5");
        merge("123", "12345", "45");
        merge("0", "out2", "12345");
        assertTrue(Arrays.equals(memory("full"), memory("out2")), "seed " + seed);
        // In the base's place.
        merge("0", "0", "1");
        merge("0", "0", "2", "3", "4", "5");
        assertTrue(Arrays.equals(memory("full"), memory("0")), "seed " + seed);
    }

    @Test
    void aPageThatBecameZeroIsZero() throws Exception {
        Guest guest = Guest.of(20);
        guest.write(3, 1);
        guest.write(4, 1);
        SnapshotInfo base = guest.saveFull(top.resolve("base"));
        guest.write(3, 0);
        guest.saveDiff(top.resolve("diff"), base.id());
        merge("base", "out", "diff");
        assertEquals(Set.of(4L), Guest.read(top.resolve("out")).keySet());
    }

    @Test
    void aFurtherDiffFitsWhatWasMerged() throws Exception {
        Guest guest = Guest.of(20);
        SnapshotInfo base = guest.saveFull(top.resolve("base"));
        guest.write(1, 1);
        SnapshotInfo one = guest.saveDiff(top.resolve("1"), base.id());
        guest.write(2, 1);
        guest.saveDiff(top.resolve("2"), one.id());
        merge("base", "out", "1");
        merge("out", "all", "2");
        assertTrue(Guest.isSame(guest.pages, Guest.read(top.resolve("all"))));
    }

    @Test
    void whatDoesNotFitIsRefusedByName() throws Exception {
        Guest guest = Guest.of(20);
        SnapshotInfo base = guest.saveFull(top.resolve("base"));
        guest.write(1, 1);
        SnapshotInfo one = guest.saveDiff(top.resolve("1"), base.id());
        guest.write(2, 1);
        guest.saveDiff(top.resolve("2"), one.id());
        guest.saveFull(top.resolve("full"));
        assertTrue(refusal("base", "2").contains("is a diff to snapshot " + one.id()));
        assertTrue(refusal("base", "2", "1").contains("is a diff to snapshot " + one.id()));
        assertTrue(refusal("base", "full").contains("is a full snapshot, and no diff to"));
        Guest.of(21).saveDiff(top.resolve("large"), base.id());
        assertTrue(refusal("base", "large").contains("has other memory than"));
    }

    @Test
    void damageIsNotMergedIntoSomethingWhole() throws Exception {
        Guest guest = Guest.of(20);
        guest.write(2, 1);
        guest.write(3, 1);
        SnapshotInfo base = guest.saveFull(top.resolve("base"));
        guest.write(1, 1);
        guest.saveDiff(top.resolve("1"), base.id());
        byte[] memory = memory("base");
        memory[3 * 4096] ^= 1;
        Files.write(top.resolve("base/memory"), memory);
        assertTrue(refusal("base", "1").contains("base/memory is damaged"));
    }
}
