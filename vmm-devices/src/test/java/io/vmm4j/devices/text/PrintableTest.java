package io.vmm4j.devices.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTest {

    @Test
    void whatIsPlainStaysAsItIs() {
        String plain = "größe/\uD83D\uDC27 \\n \"quoted\" 日本";
        assertSame(plain, Printable.escape(plain));
    }

    @Test
    void endsOfLinesAndWhatDrivesATerminalAreWrittenOut() {
        assertEquals("a\\nb\\r\\tc", Printable.escape("a\nb\r\tc"));
        assertEquals("\\u001b[2J\\u0000\\u007f", Printable.escape("\u001b[2J\0\u007f"));
        assertEquals("\\u009b31m\\u0085", Printable.escape("\u009b31m\u0085"), "the control characters above ASCII too");
        assertEquals("\\u2028\\u2029", Printable.escape("\u2028\u2029"));
    }

    @Test
    void whatTurnsTheDirectionOfTextOrCannotBeSeenIsWrittenOut() {
        assertEquals("a\\u202eb\\u2066c\\u200bd\\ufeff", Printable.escape("a\u202eb\u2066c\u200bd\ufeff"));
        assertEquals("\\udb40\\udc01", Printable.escape("\udb40\udc01"), "a tag character, beyond 16 bits");
    }

    @Test
    void halfACharacterIsWrittenOut() {
        assertEquals("\\ud83dx", Printable.escape("\ud83dx"));
    }

    @Test
    void escapingTwiceIsEscapingOnce() {
        String once = Printable.escape("\u001b\n");
        assertEquals(once, Printable.escape(once));
    }

    @Test
    void aTextBeyondMeasureLosesItsMiddleAndKeepsTheNameAtItsEnd() {
        String line = Printable.line("\u001b" + "x".repeat(1 << 20) + " (machine-config.mem_type)");
        assertTrue(line.length() < 5100, line.length() + " characters");
        assertTrue(line.startsWith("\\u001bxxx") && line.endsWith("xxx (machine-config.mem_type)"), line);
        assertTrue(line.contains(" ... (1043608 characters) ... "), line);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theCutIsNotThroughACharacter(int before) {
        String line = Printable.line("a".repeat(before) + "\uD83D\uDC27".repeat(4000));
        assertEquals(line, Printable.escape(line), "no halves");
        assertTrue(line.codePoints().allMatch(Printable::isPlain));
    }
}
