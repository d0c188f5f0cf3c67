package io.vmm4j.devices.serial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.HostileRegisters;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineSplitterTest {

    private final List<String> lines = new ArrayList<>();
    private final LineSplitter splitter = new LineSplitter(lines::add, 16);

    private void write(String text) {
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            assertTrue(splitter.hasRoom());
            splitter.write(octet & 0xff);
        }
    }

    @Test
    void linesEndAtALineFeedAndLoseTheirCarriageReturn() {
        write("one\r\ntwo\n\nrest");
        assertEquals(List.of("one", "two", ""), lines);
        splitter.flush();
        splitter.flush();
        assertEquals(List.of("one", "two", "", "rest"), lines);
    }

    @Test
    void aLineOverTheBoundComesInPieces() {
        write("0123456789abcdef\n0123456789abcdefXY\n");
        assertEquals(List.of("0123456789abcdef", "0123456789abcdef", "XY"), lines);
    }

    @Test
    void escapeSequencesAndControlCharactersAreRemoved() {
        write("\u001b[1;31mred\u001b[0m\u0007 \u001b(Bx\b\tz\u007f\n");
        assertEquals(List.of("red Bx\tz"), lines);
    }

    @Test
    void anEscapeSequenceThatIsCutShortEndsWithItsLine() {
        write("a\u001b[12\nb\n");
        assertEquals(List.of("a", "b"), lines);
    }

    @Test
    void textIsUtf8AndCannotForgeLinesOrTurnTheText() {
        write("größe\nx\u2028y\u0085z\u202e!\n");
        splitter.write(0xff);
        write("\n");
        assertEquals(List.of("größe", "xyz!", "\ufffd"), lines);
    }

    @Test
    void randomOctetsGiveBoundedLinesOfPlainText() {
        HostileRegisters chance = new HostileRegisters("LineSplitterTest");
        for (int i = 0; i < 200_000; i++) {
            splitter.write(chance.random().nextInt(0x100));
        }
        for (String line : lines) {
            assertTrue(line.length() <= 16, line);
            assertTrue(line.codePoints().noneMatch(c -> c != '\t' && Character.isISOControl(c)), line);
        }
    }

    @Test
    void aControlSequenceEndsWithItsFinalByteAndNotBefore() {
        write("a\u001b[ @b\u001b[1\u007f2mc\u001b[~d\n");
        assertEquals(List.of("abcd"), lines, "a space is an intermediate byte, delete is none, @ and ~ are the first and the last final byte");
    }
}
