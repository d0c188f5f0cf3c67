package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class TermiosTest {
    private static final long TIOCSPTLCK = 0x40045431L;
    private static final long TIOCGPTN = 0x80045430L;
    private static final long TIOCSWINSZ = 0x5414;

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(16);
    private Fd master;
    private Fd terminal;

    @BeforeEach
    void openPseudoTerminal() throws Exception {
        assumeTrue(Files.exists(Path.of("/dev/ptmx")), "no pseudo-terminals here");
        master = Fd.open(Path.of("/dev/ptmx"), Fd.O_RDWR | Fd.O_NOCTTY);
        NativeStruct number = NativeStruct.allocate(4);
        assertEquals(0, LibC.ioctl(master.value(), TIOCSPTLCK, number));
        assertEquals(0, LibC.ioctl(master.value(), TIOCGPTN, number));
        terminal = Fd.open(Path.of("/dev/pts/" + number.bytes().getInt(0)), Fd.O_RDWR | Fd.O_NOCTTY);
    }

    @AfterEach
    void closePseudoTerminal() {
        if (terminal != null) {
            terminal.close();
            master.close();
        }
    }

    @Test
    void aPseudoTerminalIsATerminalAndAFileIsNot() throws Exception {
        assertTrue(Termios.isTty(terminal.value()));
        try (Fd file = Fd.open(Path.of("/dev/null"), Fd.O_RDWR)) {
            assertFalse(Termios.isTty(file.value()));
            assertFalse(Termios.isForeground(file.value()));
            assertThrows(LinuxException.class, () -> Termios.snapshot(file.value()));
        }
    }

    @Test
    void aTerminalThatIsNotOursIsNotInTheForeground() {
        assertFalse(Termios.isForeground(terminal.value()));
    }

    @Test
    void rawModePassesControlCharactersWithoutEcho() throws Exception {
        Termios.snapshot(terminal.value()).raw().apply(terminal.value());
        buffer.put(0, new byte[] {3, '\r', 4});
        assertEquals(3, master.write(LibC.address(buffer), 3));
        buffer.put(0, new byte[3]);
        assertEquals(3, terminal.read(LibC.address(buffer), 16));
        assertEquals(3, buffer.get(0), "Ctrl-C is a byte");
        assertEquals('\r', buffer.get(1), "return stays return");
        assertEquals(4, buffer.get(2), "Ctrl-D is a byte");
        assertEquals(0, master.poll(Fd.POLLIN, 0), "no echo");
    }

    @Test
    void applyingTheSnapshotPutsEverySettingBack() throws Exception {
        Termios before = Termios.snapshot(terminal.value());
        before.raw().apply(terminal.value());
        assertNotEquals(before, Termios.snapshot(terminal.value()));
        before.applyDrained(terminal.value());
        assertEquals(before, Termios.snapshot(terminal.value()));
    }

    @Test
    void windowSizeIsReadInRowsAndColumns() throws Exception {
        NativeStruct size = NativeStruct.allocate(8);
        size.bytes().putShort(0, (short) 25).putShort(2, (short) 132);
        assertEquals(0, LibC.ioctl(master.value(), TIOCSWINSZ, size));
        assertEquals(new Termios.WindowSize(25, 132), Termios.windowSize(terminal.value()));
    }
}
