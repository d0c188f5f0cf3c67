package io.vmm4j.cli.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class TinyGuestTest {

    private final byte[] image = TinyGuest.image(TinyGuest.Kind.PVH);
    private final ByteBuffer words = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);

    @Test
    void itIsAnExecutableForX8664() {
        assertArrayEquals(new byte[] {0x7F, 'E', 'L', 'F', 2, 1, 1}, Arrays.copyOf(image, 7));
        assertEquals(2, words.getShort(16), "e_type is ET_EXEC");
        assertEquals(62, words.getShort(18), "e_machine is EM_X86_64");
        assertEquals(0x100000, words.getLong(24), "e_entry");
        assertEquals(2, words.getShort(56), "e_phnum");
    }

    @Test
    void theEntryIsLoadedAndPrintsTheGreeting() {
        assertEquals(1, words.getInt(64), "the first segment is PT_LOAD");
        long offset = words.getLong(72);
        assertEquals(0x100000, words.getLong(88), "p_paddr");
        byte[] start = Arrays.copyOfRange(image, (int) offset, (int) offset + 8);
        assertArrayEquals(new byte[] {(byte) 0xFA, 0x66, (byte) 0xBA, (byte) 0xF8, 0x03, (byte) 0xB0, 'x', (byte) 0xEE}, start);
    }

    @Test
    void thePvhNoteNamesTheEntry() {
        assertEquals(4, words.getInt(120), "the second segment is PT_NOTE");
        int note = (int) words.getLong(128);
        assertEquals(18, words.getInt(note + 8), "XEN_ELFNOTE_PHYS32_ENTRY");
        assertEquals(0x100000, words.getInt(note + 16));
    }
}
