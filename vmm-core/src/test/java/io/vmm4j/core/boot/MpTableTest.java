package io.vmm4j.core.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.GuestRam;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Reads the table back as MultiProcessor Specification 1.4, chapter 4, lays it out. */
class MpTableTest {

    private static final long POINTER = 0x9fc00;

    private final GuestMemory memory = GuestRam.of(FakeKernels.MIB);

    private static int sum(byte[] bytes) {
        return IntStream.range(0, bytes.length).map(i -> bytes[i]).sum() & 0xFF;
    }

    private long table() throws Exception {
        return memory.readU32(POINTER + 4);
    }

    /** All entries of one type, in order; each as long as its type says. */
    private List<byte[]> entries(int type) throws Exception {
        List<byte[]> found = new ArrayList<>();
        long at = table() + 44;
        for (int left = memory.readU16(table() + 34); left > 0; left--) {
            int entryType = memory.readU8(at);
            int length = entryType == 0 ? 20 : 8;
            if (entryType == type) {
                found.add(GuestRam.get(memory, at, length));
            }
            at += length;
        }
        assertEquals(table() + memory.readU16(table() + 4), at, "the count covers the whole table");
        return found;
    }

    @Test
    void theFloatingPointerLeadsToTheTable() throws Exception {
        long end = MpTable.write(memory, new int[] {0});
        assertArrayEquals("_MP_".getBytes(), GuestRam.get(memory, POINTER, 4));
        assertEquals(1, memory.readU8(POINTER + 8), "paragraphs");
        assertEquals(4, memory.readU8(POINTER + 9), "revision 1.4");
        assertEquals(0, memory.readU8(POINTER + 11), "no default configuration: there is a table");
        assertEquals(0, sum(GuestRam.get(memory, POINTER, 16)));
        assertArrayEquals("PCMP".getBytes(), GuestRam.get(memory, table(), 4));
        assertEquals(end, table() + memory.readU16(table() + 4));
        assertEquals(0xFEE00000L, memory.readU32(table() + 36));
    }

    @Test
    void theTablesBytesAddUpToZero() throws Exception {
        for (int cpus : new int[] {1, 2, 17, 254}) {
            MpTable.write(memory, IntStream.range(0, cpus).toArray());
            assertEquals(0, sum(GuestRam.get(memory, table(), memory.readU16(table() + 4))), cpus + " CPUs");
        }
    }

    @Test
    void everyVcpuIsListedAndTheFirstBoots() throws Exception {
        MpTable.write(memory, new int[] {0, 1, 4, 5});
        List<byte[]> cpus = entries(0);
        assertEquals(4, cpus.size());
        for (int i = 0; i < 4; i++) {
            assertEquals(new int[] {0, 1, 4, 5}[i], cpus.get(i)[1]);
            assertEquals(i == 0 ? 3 : 1, cpus.get(i)[3], "enabled; and the boot CPU");
        }
    }

    @Test
    void theIoApicHasAnIdOfItsOwn() throws Exception {
        MpTable.write(memory, new int[] {0, 1, 4, 5});
        assertArrayEquals(new byte[] {2, 6, 0x11, 1, 0, 0, (byte) 0xC0, (byte) 0xFE}, entries(2).get(0));
    }

    @Test
    void everyInputOfTheIoApicIsTheIsaInterruptOfItsNumber() throws Exception {
        MpTable.write(memory, new int[] {0});
        assertArrayEquals(new byte[] {1, 0, 'I', 'S', 'A', ' ', ' ', ' '}, entries(1).get(0));
        List<byte[]> interrupts = entries(3);
        assertEquals(24, interrupts.size());
        for (int pin = 0; pin < 24; pin++) {
            assertArrayEquals(new byte[] {3, 0, 0, 0, 0, (byte) pin, 1, (byte) pin}, interrupts.get(pin));
        }
    }

    @Test
    void localInputsAreThoseOfThe8259AndNmi() throws Exception {
        MpTable.write(memory, new int[] {0, 1});
        List<byte[]> local = entries(4);
        assertEquals(2, local.size());
        assertArrayEquals(new byte[] {4, 3, 0, 0, 0, 0, 0, 0}, local.get(0));
        assertArrayEquals(new byte[] {4, 1, 0, 0, 0, 0, (byte) 0xFF, 1}, local.get(1));
    }

    @Test
    void idsUpTo253AreListedAndTheRestLeftToAcpi() throws Exception {
        MpTable.write(memory, IntStream.range(0, 254).toArray());
        assertEquals(254, entries(0).size());
        assertEquals((byte) 254, entries(2).get(0)[1]);
        MpTable.write(memory, IntStream.range(0, 288).toArray());
        assertEquals(254, entries(0).size());
        assertEquals((byte) 254, entries(2).get(0)[1]);
    }
}
