package io.vmm4j.core.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.GuestRam;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {

    private static CommandLine line(String text) throws CommandLineException {
        return CommandLine.parse(text);
    }

    private static String refusal(String text) {
        return assertThrows(CommandLineException.class, () -> line(text)).getMessage();
    }

    @ParameterizedTest
    @ValueSource(strings = {"root=/dev/vda", "quiet root=/dev/sda ro", "  root=x", "\"root=/dev/vda\"", "a=\"b c\" root=", "root", "root=/dev/vda -- x"})
    void aParameterIsFoundAnywhereAmongTheKernels(String text) throws CommandLineException {
        assertTrue(line(text).hasParameter("root"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "rootwait", "noroot=1", "a=root=/dev/vda", "x=\"a root=b\"", "-- root=/dev/vda", "quiet -- root=x", "rootflags=ro"})
    void whatOnlyLooksLikeTheParameterIsNotTakenForIt(String text) throws CommandLineException {
        assertFalse(line(text).hasParameter("root"));
    }

    @Test
    void dashesAndUnderscoresInNamesAreTheSame() throws CommandLineException {
        assertTrue(line("virtio-mmio.device=1").hasParameter("virtio_mmio.device"));
    }

    @Test
    void additionsComeLastOfTheKernelsParameters() throws CommandLineException {
        assertEquals("x", line("").with("x").toString());
        assertEquals("quiet x", line("quiet").with("x").toString());
        assertEquals("quiet x", line("quiet ").with("x").toString());
    }

    @Test
    void additionsComeBeforeWhatIsForInit() throws CommandLineException {
        assertEquals("quiet x -- 3 y", line("quiet -- 3 y").with("x").toString());
        assertEquals("x -- 3", line("-- 3").with("x").toString());
        assertEquals("quiet x --", line("quiet --").with("x").toString());
        assertEquals("a=\"b -- c\" x", line("a=\"b -- c\"").with("x").toString());
        assertEquals("a --b x", line("a --b").with("x").toString());
        assertEquals("quiet x y -- 3", line("quiet -- 3").with("x").with("y").toString());
    }

    @Test
    void theRootDeviceIsNamedUnlessTheUserDid() throws CommandLineException {
        assertEquals("quiet root=/dev/vda ro", line("quiet").withRoot("/dev/vda").withRootMode(true).toString());
        assertEquals("quiet root=PARTUUID=01-02 rw", line("quiet").withRoot("PARTUUID=01-02").withRootMode(false).toString());
        assertEquals("root=/dev/vda1 rw", line("root=/dev/vda1").withRoot("/dev/vda").withRootMode(false).toString());
        assertEquals("rw root=/dev/vda", line("rw").withRoot("/dev/vda").withRootMode(true).toString());
    }

    @Test
    void aVirtioWindowIsNamedAsTheDriverReadsIt() throws CommandLineException {
        assertEquals("virtio_mmio.device=4K@0xc0001000:5", line("").withVirtioMmio(VirtioMmioSlot.of(0, 5)).toString());
        assertEquals("virtio_mmio.device=4K@0xc0003000:23", line("").withVirtioMmio(VirtioMmioSlot.of(2, 23)).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"quiet --=x", "--=x", "quiet --x", "\"--=x\"", "--- 3", "\"--\"x", "=--", "a=--", "\"-- x\""})
    void onlyALoneDoubleDashEndsTheKernelsParameters(String text) throws CommandLineException {
        assertEquals(text + " root=/dev/vda", line(text).withRoot("/dev/vda").toString());
    }

    @Test
    void aDoubleDashInQuotesIsALoneOneToo() throws CommandLineException {
        assertEquals("quiet x \"--\" 3", line("quiet \"--\" 3").with("x").toString());
        assertEquals("quiet x \"--", line("quiet \"--").with("x").toString());
    }

    @Test
    void whateverTheKernelTakesForABlankSeparatesParameters() throws CommandLineException {
        for (char blank : "\t\n\u000b\f\r ".toCharArray()) {
            assertTrue(line("quiet" + blank + "root=/dev/vda").hasParameter("root"), () -> "blank " + (int) blank);
            assertEquals("quiet x", line("quiet" + blank).with("x").toString(), () -> "trailing blank " + (int) blank);
            assertEquals("quiet x --" + blank + "3", line("quiet" + blank + "--" + blank + "3").with("x").toString());
        }
        assertFalse(line("quiet\u001croot=/dev/vda").hasParameter("root"), "a blank of Java's only");
    }

    /** Its ctype table has 0xA0 for one, which is a byte of many a character in UTF-8. */
    @Test
    void theByteA0IsABlankToTheKernel() throws CommandLineException {
        assertEquals("a=\u00e0root=x ro", line("a=\u00e0root=x").withRoot("/dev/vda").with("ro").toString(), "C3 A0");
        assertTrue(line("a=\u00e0 b").hasParameter("b"));
        assertFalse(line("a=\u00e1root=x").hasParameter("root"), "C3 A1");
    }

    @Test
    void additionsComeBeforeAParameterWhoseQuoteIsNotClosed() throws CommandLineException {
        assertEquals("quiet", line("quiet").toString());
        assertEquals("quiet x y a=\"b c", line("quiet a=\"b c").with("x").with("y").toString());
        assertEquals("x \"a b", line("\"a b").with("x").toString());
        assertEquals("x a=\"b -- 3", line("a=\"b -- 3").with("x").toString(), "the dashes are part of the value");
        assertEquals("x \"", line("\"").with("x").toString());
        assertTrue(line("root=\"/dev/vda").hasParameter("root"));
        assertEquals("quiet x -- 3 \"y", line("quiet -- 3 \"y").with("x").toString(), "init's own");
    }

    @Test
    void theRootDeviceIsNotNamedByAWordWithoutAValueNorItsModeByOneWith() throws CommandLineException {
        assertEquals("root root=/dev/vda ro=1 rw", line("root").withRoot("/dev/vda").with("ro=1").withRootMode(false).toString());
        assertEquals("root= rw", line("root=").withRoot("/dev/vda").withRootMode(false).toString());
        assertEquals("=root=x root=/dev/vda", line("=root=x").withRoot("/dev/vda").toString());
    }

    @Test
    void charactersOfAnyKindGoToTheKernelInUtf8() throws Exception {
        GuestMemory memory = GuestRam.of(FakeKernels.MIB);
        CommandLine line = line("a=\u00e9\ud83d\ude00\n\u007f");
        line.write(memory);
        assertArrayEquals(HexFormat.of().parseHex("613dc3a9f09f98800a7f00"), GuestRam.get(memory, 0x20000, 11));
        assertEquals(11, line.size());
        assertEquals("a=\u00e9\ud83d\ude00\n\u007f", line.toString());
    }

    @Test
    void whatHasNoPlaceInMemoryIsNamedWithItsPosition() {
        assertEquals("kernel command line has character U+0000 at position 6, where it would end for the kernel", refusal("quiet\0ro"));
        assertEquals("kernel command line has character U+D83D at position 2, half of one, which has no encoding", refusal("a\ud83d"));
        assertEquals("kernel command line has character U+DE00 at position 1, half of one, which has no encoding", refusal("\ude00\ud83d"));
        assertEquals("kernel command line has character U+FFFD at position 3, which stands for bytes that are no text in this locale",
                refusal("a=\ufffd"));
    }

    @Test
    void theLimitCountsTheEndMark() throws CommandLineException {
        assertDoesNotThrow(() -> line("x".repeat(2047)).requireFits(2048));
        String message = assertThrows(CommandLineException.class, () -> line("x".repeat(2048)).requireFits(2048)).getMessage();
        assertTrue(message.contains("takes 2049 bytes") && message.contains("1 more") && message.contains("2048"), message);
        assertEquals(1, line("").size());
    }

    @Test
    void theTextIsInMemoryWithItsEndMark() throws Exception {
        GuestMemory memory = GuestRam.of(FakeKernels.MIB);
        memory.writeU32(0x20000, 0xFFFF_FFFFL);
        line("abc").write(memory);
        assertArrayEquals(new byte[] {'a', 'b', 'c', 0}, GuestRam.get(memory, 0x20000, 4));
    }
}
