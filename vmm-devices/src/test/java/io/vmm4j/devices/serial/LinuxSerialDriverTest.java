package io.vmm4j.devices.serial;

import static io.vmm4j.devices.serial.Uart.DLL;
import static io.vmm4j.devices.serial.Uart.DLM;
import static io.vmm4j.devices.serial.Uart.FCR;
import static io.vmm4j.devices.serial.Uart.IER;
import static io.vmm4j.devices.serial.Uart.IIR;
import static io.vmm4j.devices.serial.Uart.LCR;
import static io.vmm4j.devices.serial.Uart.LSR;
import static io.vmm4j.devices.serial.Uart.MCR;
import static io.vmm4j.devices.serial.Uart.MSR;
import static io.vmm4j.devices.serial.Uart.RBR;
import static io.vmm4j.devices.serial.Uart.SCR;
import static io.vmm4j.devices.serial.Uart.THR;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The register sequences of Linux's 8250 driver: what it must conclude, step by step. */
class LinuxSerialDriverTest {

    private final Uart uart = new Uart();

    /** Probing (autoconfig): the port exists and is a 16550A, not one of its relatives. */
    @Test
    void autoconfigFindsAPlain16550A() {
        uart.out(IER, 0x00);
        assertEquals(0x00, uart.in(IER) & 0x0f);
        uart.out(IER, 0x0f);
        assertEquals(0x0f, uart.in(IER) & 0x0f, "IER exists");
        uart.out(IER, 0x00);

        int mcr = uart.in(MCR);
        uart.out(MCR, 0x1a);
        assertEquals(0x90, uart.in(MSR) & 0xf0, "loopback shows RTS and OUT2 as CTS and DCD");
        uart.out(MCR, mcr);

        int lcr = uart.in(LCR);
        uart.out(LCR, 0xbf);
        uart.out(FCR, 0x00);
        uart.out(LCR, 0x00);
        uart.out(FCR, 0x01);
        assertEquals(3, uart.in(IIR) >> 6, "FIFO that works: 16550A");

        uart.out(LCR, 0x80);
        assertNotEquals(0, uart.in(2), "no EFR behind DLAB: not a 16650");
        uart.out(LCR, 0xbf);
        assertNotEquals(0, uart.in(2), "no EFR behind 0xbf: not a 16650V2");

        uart.out(LCR, 0x00);
        int control = uart.in(MCR);
        uart.out(LCR, 0xe0);
        int bank2 = uart.in(2);
        uart.out(LCR, 0x00);
        uart.out(MCR, control ^ 0x10);
        uart.out(LCR, 0xe0);
        int bank2Looped = uart.in(2);
        uart.out(LCR, 0x00);
        uart.out(MCR, control);
        assertTrue(((bank2 ^ control) & 0x10) != 0 || ((bank2Looped ^ control) & 0x10) == 0, "no bank 2: not a NS16550A super I/O");

        uart.out(FCR, 0x21);
        assertEquals(6, uart.in(IIR) >> 5);
        uart.out(FCR, 0x01);
        uart.out(LCR, 0x80);
        uart.out(FCR, 0x21);
        assertEquals(6, uart.in(IIR) >> 5, "no 64-byte FIFO: not a 16750");
        uart.out(FCR, 0x01);
        uart.out(LCR, 0x00);

        uart.out(IER, 0x40);
        assertEquals(0x00, uart.in(IER), "no UUE bit: not an XScale");
        uart.out(LCR, lcr);
        uart.out(SCR, 0xa5);
        assertEquals(0xa5, uart.in(SCR), "scratch: not an 8250");
        assertEquals("", uart.sink.text(), "probing sends nothing");
    }

    /** Opening (serial8250_do_startup): none of the bug flags may be set. */
    @Test
    void startupFindsNoBugsAndNoStaleInterrupts() {
        startup();
        assertEquals(0xc1, uart.in(IIR));
        assertEquals(0, uart.line.takeEdges(), "no interrupt before the driver has work for it");
    }

    /** The console: each character waits for an empty transmitter. */
    @Test
    void theConsolePrintsByPolling() {
        startup();
        int ier = uart.in(IER);
        uart.out(IER, 0x00);
        for (char character : "Booting Linux\r\n".toCharArray()) {
            assertEquals(0x60, uart.in(LSR) & 0x60);
            uart.out(THR, character);
        }
        uart.out(IER, ier);
        assertEquals("Booting Linux\r\n", uart.sink.text());
        assertEquals(0, uart.line.takeEdges());
    }

    /** The terminal: interrupt-driven, sixteen characters a turn. */
    @Test
    void theTerminalPrintsByInterrupt() {
        startup();
        String text = "0123456789abcdefghijklmnopqrstuvwxyz\n".repeat(10);
        uart.out(IER, 0x07);
        assertEquals(1, uart.line.takeEdges());
        StringBuilder left = new StringBuilder(text);
        StringBuilder received = new StringBuilder();
        handleInterrupt(left, received);
        assertEquals(text, uart.sink.text());
        assertEquals(0xc1, uart.in(IIR));
    }

    @Test
    void threeCharactersBelowTheTriggerLevelOfEightReachTheTerminal() {
        startup();
        uart.receive("ls\n");
        assertEquals(1, uart.line.takeEdges());
        StringBuilder received = new StringBuilder();
        handleInterrupt(new StringBuilder(), received);
        assertEquals("ls\n", received.toString());
    }

    @Test
    void aPasteLongerThanAllBuffersArrivesWhole() {
        startup();
        String paste = "The quick brown fox jumps over the lazy dog. ".repeat(300);
        StringBuilder received = new StringBuilder();
        int given = 0;
        while (given < paste.length()) {
            given += uart.receive(paste.substring(given));
            assertTrue(uart.line.takeEdges() > 0, "input after a quiet time raises an edge");
            handleInterrupt(new StringBuilder(), received);
        }
        assertEquals(paste, received.toString());
        assertTrue(uart.roomCalls() > 0);
    }

    private void startup() {
        uart.out(FCR, 0x01);
        uart.out(FCR, 0x07);
        uart.out(FCR, 0x00);
        uart.in(LSR);
        uart.in(RBR);
        uart.in(IIR);
        uart.in(MSR);
        assertNotEquals(0xff, uart.in(LSR), "the LSR safety check");

        uart.out(IER, 0x02);
        int first = uart.in(IIR);
        uart.out(IER, 0x00);
        uart.out(IER, 0x02);
        int second = uart.in(IIR);
        uart.out(IER, 0x00);
        assertEquals(0, first & 0x01);
        assertEquals(0, second & 0x01, "THR empty is raised again: no UART_BUG_THRE");

        uart.out(LCR, 0x03);
        uart.out(MCR, 0x08);
        uart.out(IER, 0x02);
        int lsr = uart.in(LSR);
        int iir = uart.in(IIR);
        uart.out(IER, 0x00);
        assertTrue((lsr & 0x40) == 0 || (iir & 0x01) == 0, "no UART_BUG_TXEN");
        uart.line.takeEdges();

        uart.in(LSR);
        uart.in(RBR);
        uart.in(IIR);
        uart.in(MSR);
        uart.out(IER, 0x05);
        uart.out(LCR, 0x83);
        uart.out(DLL, 0x01);
        uart.out(DLM, 0x00);
        uart.out(LCR, 0x03);
        uart.out(FCR, 0x01);
        uart.out(FCR, 0x87);
        uart.out(MCR, 0x0b);
    }

    /** serial8250_interrupt: serves the port until it reports no interrupt. */
    private void handleInterrupt(StringBuilder output, StringBuilder input) {
        int passes = 0;
        while ((uart.in(IIR) & 0x01) == 0) {
            assertTrue(++passes < 512, "the driver would report too much work");
            int lsr = uart.in(LSR);
            for (int count = 0; (lsr & 0x11) != 0 && count < 256; count++) {
                input.append((char) uart.in(RBR));
                lsr = uart.in(LSR);
            }
            uart.in(MSR);
            if ((lsr & 0x20) != 0 && (uart.in(IER) & 0x02) != 0) {
                for (int count = 0; count < 16 && !output.isEmpty(); count++) {
                    uart.out(THR, output.charAt(0));
                    output.deleteCharAt(0);
                }
                if (output.isEmpty()) {
                    uart.out(IER, 0x05);
                }
            }
        }
    }
}
