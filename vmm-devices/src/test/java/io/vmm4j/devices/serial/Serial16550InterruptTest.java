package io.vmm4j.devices.serial;

import static io.vmm4j.devices.serial.Uart.FCR;
import static io.vmm4j.devices.serial.Uart.IER;
import static io.vmm4j.devices.serial.Uart.IIR;
import static io.vmm4j.devices.serial.Uart.LSR;
import static io.vmm4j.devices.serial.Uart.MCR;
import static io.vmm4j.devices.serial.Uart.MSR;
import static io.vmm4j.devices.serial.Uart.RBR;
import static io.vmm4j.devices.serial.Uart.THR;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Priorities, edges, modem lines and loopback. */
class Serial16550InterruptTest {

    private final Uart uart = new Uart();

    /** All four causes: a break, data behind it, THR empty, and a modem line that changed. */
    private void raiseAllCauses() {
        uart.out(FCR, 0x01);
        uart.out(MCR, 0x10);
        uart.out(MCR, 0x0b);
        uart.out(IER, 0x0f);
        uart.device.sendBreak();
    }

    @Test
    void causesAreReportedInTheOrderOfTheirPriority() {
        raiseAllCauses();
        assertEquals(0xc6, uart.in(IIR), "line status");
        uart.in(LSR);
        assertEquals(0xc4, uart.in(IIR), "received data");
        uart.in(RBR);
        assertEquals(0xc2, uart.in(IIR), "THR empty, cleared by this read");
        assertEquals(0xc0, uart.in(IIR), "modem status");
        uart.in(MSR);
        assertEquals(0xc1, uart.in(IIR), "none");
    }

    @Test
    void theCodesOfTheDatasheet() {
        assertEquals(0x06, InterruptId.LINE_STATUS.code());
        assertEquals(0x04, InterruptId.RECEIVED_DATA.code());
        assertEquals(0x0c, InterruptId.CHARACTER_TIMEOUT.code());
        assertEquals(0x02, InterruptId.THR_EMPTY.code());
        assertEquals(0x00, InterruptId.MODEM_STATUS.code());
        assertEquals(0x01, InterruptId.NONE.code());
        assertEquals(1, InterruptId.LINE_STATUS.priority());
        assertEquals(2, InterruptId.RECEIVED_DATA.priority());
        assertEquals(2, InterruptId.CHARACTER_TIMEOUT.priority());
        assertEquals(3, InterruptId.THR_EMPTY.priority());
        assertEquals(4, InterruptId.MODEM_STATUS.priority());
    }

    @Test
    void aCauseThatIsNotEnabledIsNotReported() {
        raiseAllCauses();
        uart.out(IER, 0x00);
        assertEquals(0xc1, uart.in(IIR));
        uart.line.takeEdges();
        uart.out(IER, 0x08);
        assertEquals(0xc0, uart.in(IIR));
        assertEquals(1, uart.line.takeEdges());
    }

    @Test
    void oneEdgeForEachCauseThatArises() {
        uart.open();
        uart.out(FCR, 0x81);
        uart.out(IER, 0x05);
        assertEquals(0, uart.line.takeEdges());
        uart.receive("a");
        assertEquals(1, uart.line.takeEdges(), "timeout");
        uart.receive("b");
        assertEquals(0, uart.line.takeEdges(), "still the timeout, not yet served");
        uart.receive("cdefgh");
        assertEquals(1, uart.line.takeEdges(), "the trigger level is reached");
        uart.in(RBR);
        assertEquals(1, uart.line.takeEdges(), "below it again: what is left times out");
        uart.in(RBR);
        assertEquals(1, uart.line.takeEdges(), "a driver that reads one character an interrupt hears of the next");
    }

    @Test
    void theCauseBehindTheOneJustServedGetsAnEdge() {
        raiseAllCauses();
        uart.line.takeEdges();
        uart.in(LSR);
        assertEquals(1, uart.line.takeEdges(), "received data");
        uart.in(RBR);
        assertEquals(1, uart.line.takeEdges(), "THR empty");
        uart.in(IIR);
        assertEquals(1, uart.line.takeEdges(), "modem status");
        uart.in(MSR);
        assertEquals(0, uart.line.takeEdges());
    }

    @Test
    void withoutFifoEachCharacterHasItsEdge() {
        uart.open();
        uart.out(IER, 0x01);
        uart.receive("abc");
        assertEquals(1, uart.line.takeEdges());
        assertEquals('a', uart.in(RBR));
        assertEquals(1, uart.line.takeEdges());
        assertEquals('b', uart.in(RBR));
        assertEquals(1, uart.line.takeEdges());
        assertEquals('c', uart.in(RBR));
        assertEquals(0, uart.line.takeEdges());
    }

    @Test
    void interruptsNeedNoOut2() {
        uart.out(IER, 0x01);
        uart.receive("a");
        assertEquals(0x04, uart.in(IIR));
        assertEquals(1, uart.line.takeEdges(), "MCR is 0, as after a reset");
        uart.out(MCR, 0x08);
        uart.out(MCR, 0x00);
        assertEquals(0, uart.line.takeEdges(), "OUT2 is an output like OUT1: no cause came or went");
    }

    @Test
    void interruptsWorkInLoopback() {
        uart.out(IER, 0x09);
        uart.out(MCR, 0x10);
        assertEquals(1, uart.line.takeEdges(), "the modem lines fell");
        assertEquals(0x00, uart.in(IIR));
        uart.in(MSR);
        uart.out(THR, 'x');
        assertEquals(0x04, uart.in(IIR));
        assertEquals(1, uart.line.takeEdges());
        assertEquals('x', uart.in(RBR));
        uart.out(MCR, 0x18);
        assertEquals(1, uart.line.takeEdges(), "OUT2 is DCD in loopback");
        assertEquals(0x88, uart.in(MSR));
    }

    @Test
    void loopbackSendsOutputToTheReceiverAndNotToTheSink() {
        uart.out(MCR, 0x10);
        uart.out(FCR, 0x01);
        uart.out(THR, 'h');
        uart.out(THR, 'i');
        assertEquals("hi", uart.readAll());
        assertEquals("", uart.sink.text());
    }

    @Test
    void anOverrunWithoutFifoDestroysTheUnreadCharacter() {
        uart.out(MCR, 0x10);
        uart.out(IER, 0x04);
        uart.out(THR, 'a');
        uart.out(THR, 'b');
        assertEquals(0x06, uart.in(IIR));
        assertEquals(0x63, uart.in(LSR));
        assertEquals(0x61, uart.in(LSR), "reading clears the overrun");
        assertEquals(0x01, uart.in(IIR));
        assertEquals('b', uart.in(RBR));
    }

    @Test
    void anOverrunOfTheFifoLosesTheNewCharacter() {
        uart.out(MCR, 0x10);
        uart.out(FCR, 0x01);
        for (int i = 0; i < 18; i++) {
            uart.out(THR, 'a' + i);
        }
        assertEquals(0x63, uart.in(LSR), "overrun sets no FIFO error bit");
        assertEquals("abcdefghijklmnop", uart.readAll());
    }

    @Test
    void loopbackConnectsTheModemOutputsToTheInputs() {
        int[][] table = {{0x01, 0x20}, {0x02, 0x10}, {0x04, 0x40}, {0x08, 0x80}, {0x0f, 0xf0}, {0x0a, 0x90}, {0x00, 0x00}};
        for (int[] row : table) {
            uart.out(MCR, 0x10 | row[0]);
            assertEquals(row[1], uart.in(MSR) & 0xf0, "MCR 0x" + Integer.toHexString(row[0]));
        }
        uart.out(MCR, 0x00);
        assertEquals(0xb0, uart.in(MSR) & 0xf0, "the peer asserts DCD, DSR and CTS");
    }

    @Test
    void deltasAreSetByChangesAndClearedByReading() {
        uart.out(MCR, 0x10);
        assertEquals(0x0b, uart.in(MSR), "CTS, DSR and DCD went off");
        assertEquals(0x00, uart.in(MSR));
        uart.out(MCR, 0x14);
        assertEquals(0x40, uart.in(MSR), "a ring that begins is no delta");
        uart.out(MCR, 0x10);
        assertEquals(0x04, uart.in(MSR), "a ring that ends is");
        uart.out(MCR, 0x12);
        uart.out(MCR, 0x10);
        assertEquals(0x01, uart.in(MSR), "on and off again is a change too");
    }

    @Test
    void aModemChangeInterruptsUntilMsrIsRead() {
        uart.out(IER, 0x08);
        uart.out(MCR, 0x10);
        assertEquals(0x00, uart.in(IIR));
        uart.in(MSR);
        assertEquals(0x01, uart.in(IIR));
    }
}
