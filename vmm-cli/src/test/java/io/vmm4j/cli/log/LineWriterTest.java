package io.vmm4j.cli.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.libc.NativeStruct;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineWriterTest {

    /** Takes so many bytes more; 0 = nothing, and no failure. */
    private static final class Tub implements LogDestination {

        private final List<String> writes = new ArrayList<>();
        private int room = Integer.MAX_VALUE;
        private String failure;
        private boolean isTerminal;

        @Override
        public int write(NativeStruct text, int from, int length) throws IOException {
            int n = Math.min(room, length);
            if (n == 0 && failure != null) {
                throw new IOException(failure);
            }
            room -= n;
            if (n > 0) {
                byte[] taken = new byte[n];
                text.bytes().get(from, taken);
                writes.add(new String(taken, StandardCharsets.UTF_8));
            }
            return n;
        }

        @Override
        public boolean isTerminal() {
            return isTerminal;
        }

        @Override
        public void close() {
            writes.add("closed");
        }

        String text() {
            return String.join("", writes);
        }
    }

    private final Tub tub = new Tub();
    private final LineWriter writer = new LineWriter(tub);

    @Test
    void linesOfABatchAreOneWriteAndWhole() {
        writer.add("one\n");
        writer.add("two\n");
        assertEquals(List.of(), tub.writes, "nothing before the batch ends");
        writer.flush();
        assertEquals(List.of("one\ntwo\n"), tub.writes);
        assertNull(writer.complaint());
    }

    @Test
    void noWriteIsLargerThanAPipeTakesAtOnceNorDividesALine() {
        for (int i = 0; i < 100; i++) {
            writer.add("x".repeat(99 + i) + "\n");
        }
        writer.close();
        tub.writes.remove("closed");
        assertTrue(tub.writes.stream().allMatch(text -> text.length() <= 4096 && text.endsWith("\n")), tub.writes::toString);
        assertEquals(100, tub.text().lines().count());
    }

    @Test
    void aLineLongerThanThatComesInPieces() {
        String line = "y".repeat(10_000) + "\n";
        writer.add("x\n");
        writer.add(line);
        writer.add("z\n");
        writer.flush();
        assertEquals("x\n" + line + "z\n", tub.text());
        assertTrue(tub.writes.stream().allMatch(text -> text.length() <= 4096), "pieces");
    }

    @Test
    void whatIsNotTakenIsCountedAndToldOnceThereIsRoom() {
        tub.room = 0;
        for (int i = 0; i < 3; i++) {
            writer.add("lost\n");
            writer.flush();
        }
        tub.room = 1000;
        writer.add("found\n");
        writer.flush();
        writer.add("more\n");
        writer.flush();
        assertEquals("(3 lines are missing here: they came faster than they were read)\nfound\nmore\n", tub.text());
        assertEquals("3 lines are missing: they came faster than they were read", writer.complaint());
    }

    @Test
    void theReasonIsTheDisksOwn() {
        tub.room = 0;
        tub.failure = "No space left on device";
        writer.add("a\nb\n");
        writer.close();
        assertEquals("2 lines are missing: No space left on device", writer.complaint());
    }

    @Test
    void aDiskThatTakesAPartSaysWhyItTookNoMore() {
        tub.room = 3;
        tub.failure = "No space left on device";
        writer.add("first\n");
        writer.close();
        assertEquals("1 line is missing: No space left on device", writer.complaint());
    }

    @Test
    void aLineThatWasCutShortIsEndedBeforeTheNext() {
        tub.room = 7;
        writer.add("first\nsecond\nthird\n");
        writer.flush();
        writer.add("fourth\n");
        writer.flush();
        tub.room = 1000;
        writer.add("fifth\n");
        writer.flush();
        assertEquals("first\ns\n(3 lines are missing here: they came faster than they were read)\nfifth\n", tub.text());
    }

    @Test
    void aNoteAboutAGapThatIsCutShortIsMadeAgain() {
        tub.room = 0;
        writer.add("lost\n");
        writer.flush();
        tub.room = 5;
        writer.add("lost too\n");
        writer.flush();
        tub.room = 1000;
        writer.add("found\n");
        writer.flush();
        assertEquals("(1 li\n(2 lines are missing here: they came faster than they were read)\nfound\n", tub.text());
    }

    @Test
    void aRawTerminalGetsItsCarriageReturns() {
        Tub screen = new Tub();
        screen.isTerminal = true;
        LineWriter terminal = new LineWriter(screen);
        terminal.add("a\nb\n");
        terminal.flush();
        assertEquals("a\r\nb\r\n", screen.text());
    }
}
