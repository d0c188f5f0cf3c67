package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.console.SerialConsole;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StreamConsoleTest {
    private static final Duration LONG = Duration.ofSeconds(RecordingPort.LIMIT_SECONDS);

    private final RecordingPort port = new RecordingPort();

    private static void print(SerialConsole console, String text) {
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            console.output().write(octet & 0xFF);
        }
    }

    @Test
    void inputPassesWholeAndItsEndLeavesTheOutput() throws Exception {
        GatedStream out = GatedStream.open();
        InputStream in = new ByteArrayInputStream("\u0001xls\n".getBytes(StandardCharsets.ISO_8859_1));
        try (StreamConsole console = new StreamConsole(in, out)) {
            console.attach(port);
            assertEquals("\u0001xls\n", port.awaitText(5), "input");
            print(console, "output");
            assertEquals(6, out.await(6).length, "output after the end of input");
        }
    }

    @Test
    void aBufferingStreamIsFlushedWhenTheGuestPauses() throws Exception {
        GatedStream out = GatedStream.open();
        try (StreamConsole console = new StreamConsole(InputStream.nullInputStream(), new BufferedOutputStream(out))) {
            console.attach(port);
            print(console, "# ");
            assertEquals(2, out.await(2).length, "a prompt appears at once");
        }
    }

    @Test
    void aStreamThatThrowsSomethingElseThanAnIoExceptionIsTheConsolesFault() throws Exception {
        InputStream in = new InputStream() {
            @Override
            public int read() {
                throw new IllegalStateException("no input");
            }
        };
        try (StreamConsole console = new StreamConsole(in, OutputStream.nullOutputStream())) {
            console.attach(port);
            assertEquals("console: input.read() threw java.lang.IllegalStateException: no input", port.awaitStop());
        }
        RecordingPort other = new RecordingPort();
        OutputStream out = new OutputStream() {
            @Override
            public void write(int octet) {
                throw new NoClassDefFoundError("a/library/of/theirs");
            }
        };
        try (StreamConsole console = new StreamConsole(InputStream.nullInputStream(), out)) {
            console.attach(other);
            print(console, "x");
            assertEquals("console: output.write() threw java.lang.NoClassDefFoundError: a/library/of/theirs", other.awaitStop());
        }
    }

    @Test
    void anIoExceptionOfAStreamsEndsNothingElse() throws Exception {
        InputStream in = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("no input");
            }
        };
        CountDownLatch asked = new CountDownLatch(1);
        OutputStream out = new OutputStream() {
            @Override
            public void write(int octet) throws IOException {
                asked.countDown();
                throw new IOException("no reader");
            }
        };
        try (StreamConsole console = new StreamConsole(in, out)) {
            console.attach(port);
            print(console, "x");
            asked.await();
        }
        assertFalse(port.isStopAsked());
    }

    @Test
    void streamsThatThrowWhatTheyLikeHoldNoGuestUp() throws Exception {
        InputStream in = new InputStream() {
            @Override
            public int read() {
                throw new IllegalStateException("no input");
            }
        };
        OutputStream out = new OutputStream() {
            @Override
            public void write(int octet) {
                throw new NoClassDefFoundError("a/library/of/theirs");
            }
        };
        try (StreamConsole console = new StreamConsole(in, out)) {
            console.attach(port);
            print(console, "x".repeat(3 * OutputBuffer.CAPACITY));
        }
        assertThrows(NullPointerException.class, () -> new StreamConsole(null, out));
        assertThrows(NullPointerException.class, () -> new StreamConsole(in, null));
    }

    @Test
    void closeDoesNotWaitForInputThatNeverComes() throws Exception {
        GatedStream out = GatedStream.open();
        try (PipedOutputStream silent = new PipedOutputStream();
                PipedInputStream in = new PipedInputStream(silent)) {
            StreamConsole console = new StreamConsole(in, out);
            console.attach(port);
            print(console, "last words");
            console.close();
            assertEquals("last words", out.text(), "output was written out");
            console.close();
        }
    }

    @Test
    void capturedTextCanBeReadAndWaitedFor() throws Exception {
        CapturedConsole console = StreamConsole.capture();
        console.attach(port);
        Thread guest = new Thread(() -> print(console, "booting\nlogin: "));
        guest.start();
        assertTrue(console.awaitText("login: ", LONG), "text that comes later");
        guest.join();
        assertEquals("booting\nlogin: ", console.text(), "all that was printed");
    }

    @Test
    void eachWaitLooksBehindTheLast() throws Exception {
        CapturedConsole console = StreamConsole.capture();
        print(console, "# ls\n# ");
        assertTrue(console.awaitText("# ", LONG), "the first prompt");
        assertTrue(console.awaitText("# ", LONG), "the second prompt");
        assertFalse(console.awaitText("# ", Duration.ofMillis(1)), "there is no third");
        print(console, "# ");
        assertTrue(console.awaitText("# ", LONG), "now there is, and the failed wait has not lost it");
    }

    @Test
    void textThatArrivesByteByByteIsFoundWhole() throws Exception {
        CapturedConsole console = StreamConsole.capture();
        print(console, "aab");
        assertFalse(console.awaitText("aabc", Duration.ofMillis(1)), "not yet");
        Thread guest = new Thread(() -> print(console, "c\u20ac"));
        guest.start();
        assertTrue(console.awaitText("aabc\u20ac", LONG), "the whole text");
        guest.join();
    }

    @Test
    void capturedMemoryIsBounded() throws Exception {
        CapturedConsole console = CapturedConsole.create(8192);
        print(console, "x".repeat(100_000) + "end");
        String text = console.text();
        assertTrue(text.length() <= 8192, () -> "kept " + text.length());
        assertTrue(text.length() >= 4096, () -> "kept " + text.length());
        assertTrue(text.endsWith("end"), "the newest is kept");
        assertTrue(console.awaitText("end", LONG), "and found");
        assertFalse(console.awaitText("x", Duration.ofMillis(1)), "nothing follows it");
    }

    @Test
    void typingReachesTheGuest() throws Exception {
        CapturedConsole console = StreamConsole.capture();
        assertThrows(IllegalStateException.class, () -> console.type("early"), "no machine yet");
        console.attach(port);
        console.type("root\n");
        assertEquals("root\n", port.awaitText(5), "input");
    }

    @Test
    void closeEndsAWaitForTextThatHasNotCome() throws Exception {
        CapturedConsole console = StreamConsole.capture();
        print(console, "Power down");
        Thread closer = new Thread(console::close);
        closer.start();
        assertFalse(console.awaitText("login: ", LONG), "the text has not come");
        closer.join();
        assertTrue(console.awaitText("Power down", LONG), "what was captured stays");
    }
}
