package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What {@code vmm shell} is made of, without a guest. */
class ShellPartsTest {

    private final List<String> failures = new ArrayList<>();

    @Test
    void whatFollowsTheMarkIsTheGuestsWhateverItLooksLike() {
        Arguments arguments = ArgumentParser.parse("shell", "--vcpu", "2", "vmlinux", "--", "stop", "--vcpu", "9", "--", "-h", "");
        assertEquals(List.of("stop", "--vcpu", "9", "--", "-h", ""), arguments.guestWords());
        assertEquals(List.of("vmlinux"), arguments.operands());
        assertEquals("2", arguments.value(CliOption.VCPU));
        assertEquals(Command.SHELL, arguments.command());
        assertFalse(arguments.isHelp());
        assertEquals(List.of(), arguments.problems());
    }

    @Test
    void aShellAloneHasNeitherKernelNorCommand() {
        Arguments arguments = ArgumentParser.parse("shell");
        assertEquals(List.of(), arguments.operands());
        assertEquals(List.of(), arguments.guestWords());
        assertEquals(List.of(), arguments.problems());
    }

    @Test
    void aCommandWithoutTheMarkIsRefusedWithAHint() {
        assertEquals(List.of("unexpected argument \"ls\": what the guest is to run comes behind --"), ArgumentParser.parse("shell", "vmlinux", "ls").problems());
    }

    @Test
    void optionsOfWhatAShellChoosesItselfAreRefused() {
        for (String option : List.of("--kernel-path", "--initrd-path", "--serial-path", "--console-path", "--is-root")) {
            assertEquals(List.of("option " + option + " does not go with the command shell"), ArgumentParser.parse("shell", option, "x").problems());
        }
        assertEquals(1, ArgumentParser.parse("shell", "--detach").problems().size());
    }

    @Test
    void theStatusIsThatOfTheFirstLineWithTheNonce() {
        GuestWords words = new GuestWords();
        words.accept("status 3");
        words.accept("vmm-0 status 4");
        words.accept(words.nonce() + " status 999");
        words.accept(words.nonce() + " status x");
        words.accept("echo " + words.nonce() + " status 5");
        assertEquals(OptionalInt.empty(), words.status());
        words.accept(words.nonce() + " status 255");
        words.accept(words.nonce() + " status 0");
        assertEquals(OptionalInt.of(255), words.status());
    }

    @Test
    void noTwoRunsHaveOneNonce() {
        assertFalse(new GuestWords().nonce().equals(new GuestWords().nonce()));
    }

    @Test
    void theKernelsLastLinesAreKeptAndOurOwnAreNot() {
        GuestWords words = new GuestWords();
        for (int i = 0; i < 100; i++) {
            words.accept("line " + i);
        }
        words.accept(" ");
        words.accept(words.nonce() + " error no disk");
        assertEquals(12, words.lastLines().size());
        assertEquals("line 99", words.lastLines().get(11));
        assertEquals("no disk", words.trouble());
        assertNull(new GuestWords().trouble());
    }

    @Test
    void inputComesInPiecesThatAddUpAndEnd() throws IOException {
        byte[] data = new byte[10_000];
        new Random(42).nextBytes(data);
        PieceInput input = new PieceInput(new ByteArrayInputStream(data), new CountDownLatch(0), failures::add);
        byte[] framed = input.readAllBytes();
        ByteArrayOutputStream back = new ByteArrayOutputStream();
        int at = 0;
        int length = -1;
        while (length != 0) {
            int end = at;
            while (framed[end] != '\n') {
                end++;
            }
            length = Integer.parseInt(new String(framed, at, end - at, StandardCharsets.US_ASCII));
            assertTrue(length <= 4096, "a piece of " + length);
            back.write(framed, end + 1, length);
            at = end + 1 + length;
        }
        assertEquals(framed.length, at, "nothing behind the end");
        assertArrayEquals(data, back.toByteArray());
    }

    @Test
    void noInputIsAnEndAtOnce() throws IOException {
        PieceInput input = new PieceInput(new ByteArrayInputStream(new byte[0]), new CountDownLatch(0), failures::add);
        assertEquals("0\n", new String(input.readAllBytes(), StandardCharsets.US_ASCII));
    }

    @Test
    void inputThatFailsIsAnEndForTheGuestAndTold() throws IOException {
        PieceInput input = new PieceInput(new SequenceInputStream(new ByteArrayInputStream(new byte[] {'a', 'b'}), new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("Input/output error");
            }
        }), new CountDownLatch(0), failures::add);
        assertEquals("2\nab0\n", new String(input.readAllBytes(), StandardCharsets.US_ASCII));
        assertEquals(List.of("Input/output error"), failures);
    }

    @Test
    void inputThatWaitsForTheGuestEndsWithAnInterrupt() throws IOException {
        PieceInput input = new PieceInput(new ByteArrayInputStream(new byte[10]), new CountDownLatch(1), failures::add);
        Thread.currentThread().interrupt();
        assertEquals(-1, input.read());
        assertTrue(Thread.interrupted(), "the interrupt is kept");
    }
}
