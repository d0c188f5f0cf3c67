package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.devices.memory.GuestMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class GuestRamTest {

    private static final int PAGE = 4096;
    private static final int MIB = 1 << 20;

    /** How much of the only mapping of {@code mib} MiB is resident, in KiB, but for the first 2 where they are on small pages, by themselves. */
    private static long residentKib(int mib) throws IOException {
        Matcher entry = Pattern.compile("(?s)\nSize: +(?:" + mib * 1024 + "|" + (mib - 2) * 1024 + ") kB\n.*?\nRss: +(\\d+) kB")
                .matcher(Files.readString(Path.of("/proc/self/smaps")));
        assertTrue(entry.find(), "the RAM is there");
        return Long.parseLong(entry.group(1));
    }

    private static void fill(GuestMemory memory, long gpa, int length) throws Exception {
        byte[] ones = new byte[length];
        Arrays.fill(ones, (byte) 1);
        memory.write(gpa, ByteBuffer.wrap(ones));
    }

    private static ByteBuffer view(GuestMemory memory, long gpa, long length) throws Exception {
        return memory.slices(gpa, length).get(0);
    }

    @Test
    void discardedMemoryIsNotResidentAndReadsAsZero() throws Exception {
        try (GuestRam ram = GuestRam.allocate(MachineConfig.of(1, 61))) {
            fill(ram.memory(), 0, 61 * MIB);
            long before = residentKib(61);
            ram.discard(view(ram.memory(), 16 * MIB, 32 * MIB));
            long given = before - residentKib(61);
            assertTrue(given >= 32 * 1024 - 64 && given <= 32 * 1024 + 64, given + " KiB went back, of 32768");
            assertEquals(0, ram.memory().readU8(16 * MIB));
            assertEquals(0, ram.memory().readU8(48 * MIB - 1));
            assertEquals(1, ram.memory().readU8(16 * MIB - 1), "what lies before is kept");
            assertEquals(1, ram.memory().readU8(48 * MIB), "what lies behind is kept");
        }
    }

    @Test
    void pagesThatAreOnlyInPartWithinTheRangeAreKept() throws Exception {
        try (GuestRam ram = GuestRam.allocate(MachineConfig.of(1, 1))) {
            fill(ram.memory(), 0, MIB);
            ram.discard(view(ram.memory(), 100, 3 * PAGE));
            assertEquals(1, ram.memory().readU8(100));
            assertEquals(0, ram.memory().readU8(PAGE));
            assertEquals(0, ram.memory().readU8(3 * PAGE - 1));
            assertEquals(1, ram.memory().readU8(3 * PAGE));
            ram.discard(view(ram.memory(), 5 * PAGE + 1, PAGE));
            ram.discard(view(ram.memory(), 5 * PAGE + 1, 10));
            assertEquals(1, ram.memory().readU8(5 * PAGE + 1));
            assertEquals(1, ram.memory().readU8(6 * PAGE));
        }
    }

    @Test
    void memoryThatWasGivenBackIsThereAgainWhenItIsWritten() throws Exception {
        try (GuestRam ram = GuestRam.allocate(MachineConfig.of(1, 1))) {
            ram.discard(view(ram.memory(), 0, MIB));
            fill(ram.memory(), 8 * PAGE, PAGE);
            assertEquals(1, ram.memory().readU8(8 * PAGE));
        }
    }
}
