package io.vmm4j.core.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.block.DiskBackend;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that writes to an image is killed, again and again, wherever it is. */
final class Qcow2CrashTest {

    private static final int KILLS = 6;
    private static final long SIZE = 3 << 20;

    @TempDir
    private Path directory;

    private long lastSeed;
    private long lastFrom;
    private final boolean[] isChanged = new boolean[(int) (SIZE / CrashingWriter.BLOCK)];
    /** The round of what each block holds; 0 for zeros. */
    private final long[] expected = new long[(int) (SIZE / CrashingWriter.BLOCK)];

    @BeforeEach
    void requireQemu() {
        Qemu.require();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-o cluster_size=512", "-o cluster_size=4k,lazy_refcounts=on", ""})
    void anImageWhoseWriterWasKilledHasNoDamageAndAllThatWasFlushed(String options) throws Exception {
        Path image = directory.resolve("disk.qcow2");
        Qemu.create(image, options, "" + SIZE);
        long seed = 77 + options.hashCode();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        long flushed = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            flushed = writeUntilKilled(image, random.nextLong(), flushed, 1 + random.nextInt(60));
            Qemu.checkButForLeaks(image);
            long[] rounds = rounds(image);
            checkAgainst(rounds, flushed);
        }
    }

    /** Returns the last round that the writer told. */
    private long writeUntilKilled(Path image, long seed, long from, int flushes) throws IOException, InterruptedException {
        Process writer = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), CrashingWriter.class.getName(), image.toString(), "" + seed, "" + from)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        long flushed = from;
        try (DataInputStream told = new DataInputStream(writer.getInputStream())) {
            for (int i = 0; i < flushes; i++) {
                flushed = told.readLong();
            }
            writer.toHandle().destroyForcibly(); // which leaves the stream open
            while (true) {
                flushed = told.readLong();
            }
        } catch (EOFException e) {
            assertTrue(flushed > from, "the writer has written");
        } finally {
            writer.destroyForcibly().waitFor();
        }
        lastSeed = seed;
        lastFrom = from;
        return flushed;
    }

    /** The round each block was written in, 0 for zeros; a block that is torn, or another's, fails. */
    private static long[] rounds(Path image) throws IOException {
        try (BlkBackend disk = Qcow2Image.open(image, true, false).toBackend(DiskBackend::new)) {
            long[] rounds = new long[(int) (SIZE / CrashingWriter.BLOCK)];
            ByteBuffer block = ByteBuffer.allocateDirect(CrashingWriter.BLOCK);
            for (int i = 0; i < rounds.length; i++) {
                disk.read(new ByteBuffer[] {block.clear()}, 1, (long) i * CrashingWriter.BLOCK);
                rounds[i] = block.getLong(8);
                if (rounds[i] != 0) {
                    assertEquals(i, block.getLong(0), "the block is itself");
                }
            }
            return rounds;
        }
    }

    /** Does what the writer did, without a disk, and compares. */
    private void checkAgainst(long[] rounds, long flushed) {
        Random random = new Random(lastSeed);
        for (long round = lastFrom + 1; round <= flushed; round++) {
            apply(random, round, null);
        }
        // Another round may have been begun: its blocks may be as before it or after.
        long[] before = expected.clone();
        boolean[] mayBeZero = new boolean[before.length];
        apply(random, flushed + 1, mayBeZero);
        for (int b = 0; b < rounds.length; b++) {
            int at = b;
            boolean isRight = rounds[b] == before[b] || rounds[b] == flushed + 1 && isChanged[b] || rounds[b] == 0 && mayBeZero[b];
            assertTrue(isRight, () -> "block " + at + " has round " + rounds[at] + ", and round " + before[at] + " was flushed");
            expected[b] = rounds[b];
        }
    }

    /** @param zeroed takes what was zeroed; null where it does not matter */
    private void apply(Random random, long round, boolean[] zeroed) {
        Arrays.fill(isChanged, false);
        for (int i = 0; i < 40; i++) {
            int block = random.nextInt(expected.length);
            int count = Math.min(1 + random.nextInt(40), expected.length - block);
            boolean isZero = random.nextInt(8) == 0;
            for (int b = block; b < block + count; b++) {
                expected[b] = isZero ? 0 : round;
                isChanged[b] |= !isZero;
                if (zeroed != null) {
                    zeroed[b] |= isZero;
                }
            }
        }
    }
}
