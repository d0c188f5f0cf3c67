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

    @Test
    void aCharacterOutsidePrintableAsciiIsNamedWithItsPosition() {
        assertTrue(refusal("quiet ä").contains("U+00E4 at position 7"), refusal("quiet ä"));
        assertTrue(refusal("a\nb").contains("U+000A at position 2"));
        assertTrue(refusal("\u007f").contains("U+007F at position 1"));
        assertTrue(refusal("a\ud83d\ude00").contains("U+1F600 at position 2"));
    }

    @Test
    void aQuoteThatIsNotClosedIsRefused() {
        assertTrue(refusal("a=\"b c").contains("not closed, at position 3"));
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
