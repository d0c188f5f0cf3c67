package io.vmm4j.core.console;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CapturedConsoleTest {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(1);

    private final CapturedConsole console = CapturedConsole.create();
    private final ByteArrayOutputStream typed = new ByteArrayOutputStream();

    private void print(String text) {
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            console.output().write(octet & 0xFF);
        }
    }

    private void attach() {
        console.attach(new SerialPort() {
            @Override
            public void send(byte[] data, int offset, int length) {
                typed.write(data, offset, length);
            }

            @Override
            public void outputReady() {
                // It always has room.
            }

            @Override
            public void requestStop(String why) {
                throw new AssertionError(why);
            }
        });
    }

    @Test
    void expectGivesWhatCameUpToTheText() throws Exception {
        print("booting\nlogin: ");
        assertEquals("booting\nlogin: ", console.expect("login: ", LONG));
        print("root\n# ");
        assertEquals("root\n# ", console.expect("# ", LONG), "from behind the last");
    }

    @Test
    void whatHasNotComeIsToldWithWhatCameInstead() throws Exception {
        print("first\n");
        console.expect("first\n", LONG);
        print("Kernel panic\u001b[0m - not syncing\nrebooting");
        ConsoleExpectationException missing = assertThrows(ConsoleExpectationException.class, () -> console.expect("login: ", SHORT));
        assertEquals("the guest has not printed \"login: \" within 1 ms; since what was found before it has printed:\n"
                + "Kernel panic\\u001b[0m - not syncing\nrebooting", missing.getMessage());
        assertEquals("Kernel panic\u001b[0m - not syncing\nrebooting", missing.seen());
        console.close();
        missing = assertThrows(ConsoleExpectationException.class, () -> console.expect("login: ", LONG));
        assertTrue(missing.getMessage().startsWith("the guest has ended without printing \"login: \"; since"), missing.getMessage());
    }

    @Test
    void ofLongOutputTheMessageHasTheEnd() {
        print("x".repeat(100_000) + "end");
        ConsoleExpectationException missing = assertThrows(ConsoleExpectationException.class, () -> console.expect("login: ", SHORT));
        assertTrue(missing.getMessage().length() < 5000 && missing.getMessage().endsWith("xend"), () -> "length " + missing.getMessage().length());
    }

    @Test
    void aSilentGuestIsSaidToBe() {
        ConsoleExpectationException missing = assertThrows(ConsoleExpectationException.class, () -> console.expect(Pattern.compile("ab+c"), SHORT));
        assertEquals("the guest has not printed /ab+c/ within 1 ms; it has printed nothing since what was found before", missing.getMessage());
    }

    @Test
    void aPatternIsFoundBehindWhatWasFoundAndItsGroupsAreThere() throws Exception {
        print("\u20ac address: 10.0.0.7\naddress: 10.0.0.8\n");
        Pattern address = Pattern.compile("address: (\\S+)\n");
        MatchResult first = console.expect(address, LONG);
        assertEquals("10.0.0.7", first.group(1));
        assertEquals("10.0.0.8", console.expect(address, LONG).group(1), "the next one");
        print("rest");
        assertEquals("rest", console.expect("rest", LONG), "nothing between has been passed over");
    }

    @Test
    void aPatternIsFoundAlsoBehindBytesThatAreNoText() throws Exception {
        console.output().write(0xFF);
        console.output().write(0xC3);
        print("ready-more");
        console.expect(Pattern.compile("rea[d]y"), LONG);
        assertEquals("-more", console.expect("more", LONG));
    }

    @Test
    void aPatternIsWaitedFor() throws Exception {
        Thread guest = new Thread(() -> print("tick 17 done"));
        guest.start();
        assertEquals("17", console.expect(Pattern.compile("tick (\\d+) done"), LONG).group(1));
        guest.join();
    }

    @Test
    void outputIsAStreamToItsEnd() throws Exception {
        print("one ");
        InputStream early = console.guestOutput();
        assertEquals(4, early.available());
        assertEquals('o', early.read());
        print("two");
        console.expect("two", LONG);
        console.close();
        assertEquals("ne two", new String(early.readAllBytes(), StandardCharsets.UTF_8), "also what was waited for");
        assertEquals("one two", new String(console.guestOutput().readAllBytes(), StandardCharsets.UTF_8), "each has a place of its own");
    }

    @Test
    void aReadWaitsForTheGuest() throws Exception {
        InputStream output = console.guestOutput();
        Thread guest = new Thread(() -> print("\u0007"));
        guest.start();
        assertEquals(7, output.read());
        guest.join();
    }

    @Test
    void outputThatWasForgottenIsNotPassedOverInSilence() throws Exception {
        CapturedConsole small = CapturedConsole.create(4096);
        InputStream output = small.guestOutput();
        for (int i = 0; i < 10_000; i++) {
            small.output().write('x');
        }
        IOException lost = assertThrows(IOException.class, output::read);
        assertTrue(lost.getMessage().matches("\\d+ bytes of the guest's output were forgotten before they were read"), lost.getMessage());
        assertEquals('x', output.read(), "and goes on");
    }

    private static Throwable interrupted(Waiting waiting) throws InterruptedException {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        CountDownLatch started = new CountDownLatch(1);
        Thread waiter = new Thread(() -> {
            started.countDown();
            try {
                waiting.run();
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
        waiter.start();
        started.await();
        waiter.interrupt();
        waiter.join();
        return thrown.get();
    }

    private interface Waiting {
        void run() throws Exception;
    }

    @Test
    void anInterruptEndsEachWait() throws Exception {
        assertEquals(InterruptedException.class, interrupted(() -> console.expect("never", LONG)).getClass());
        assertEquals(InterruptedException.class, interrupted(() -> console.expect(Pattern.compile("never"), LONG)).getClass());
        assertEquals(InterruptedIOException.class, interrupted(() -> console.guestOutput().read()).getClass());
        print("here");
        assertEquals("here", console.expect("here", LONG), "the console is as it was");
    }

    @Test
    void inputIsAStreamToo() throws Exception {
        assertThrows(IllegalStateException.class, () -> console.guestInput().write(1), "no machine yet");
        attach();
        console.guestInput().write("ls\n".getBytes(StandardCharsets.UTF_8));
        console.guestInput().write(0x1F0);
        assertArrayEquals(new byte[] {'l', 's', '\n', (byte) 0xF0}, typed.toByteArray());
    }

    @Test
    void oldNamesStillServe() throws Exception {
        io.vmm4j.core.console.CapturedConsole old = io.vmm4j.core.host.StreamConsole.capture();
        old.output().write('x');
        assertTrue(old.awaitText("x", LONG));
        assertFalse(old.awaitText("y", SHORT));
    }
}
