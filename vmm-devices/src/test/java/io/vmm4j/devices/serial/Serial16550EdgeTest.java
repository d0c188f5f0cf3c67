package io.vmm4j.devices.serial;

import static io.vmm4j.devices.serial.Uart.FCR;
import static io.vmm4j.devices.serial.Uart.IER;
import static io.vmm4j.devices.serial.Uart.IIR;
import static io.vmm4j.devices.serial.Uart.LSR;
import static io.vmm4j.devices.serial.Uart.MCR;
import static io.vmm4j.devices.serial.Uart.RBR;
import static io.vmm4j.devices.serial.Uart.THR;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** When an edge comes that no register access of the guest's asks for, and when none comes. */
class Serial16550EdgeTest {

    private static final int ENABLE_FIFO = 0x01;
    private static final int CLEAR_RCVR = 0x02;
    private static final int CLEAR_XMIT = 0x04;
    private static final int TRIGGER_8 = 0x80;
    private static final int LOOPBACK = 0x10;

    private final Uart uart = new Uart();

    @Test
    void aBreakInterruptsAtOnce() {
        uart.out(IER, 0x04);
        uart.line.takeEdges();
        assertTrue(uart.device.sendBreak());
        assertEquals(1, uart.line.takeEdges());
        assertEquals(0x06, uart.in(IIR));
    }

    @Test
    void aBreakThatFindsNoRoomIsHeardOfLater() {
        Uart small = new Uart(InputGate.ALWAYS, 1);
        assertEquals(2, small.receive("ab"), "one in the receiver, one waits");
        assertFalse(small.device.sendBreak());
        assertEquals(0, small.roomCalls());
        small.in(RBR);
        assertEquals(1, small.roomCalls());
        assertTrue(small.device.sendBreak());
        small.in(RBR);
        small.in(RBR);
        assertEquals(1, small.roomCalls(), "nobody waits for room any more");
    }

    @Test
    void dataBelowTheTriggerIsSilentWhereDataIsNotEnabled() {
        uart.out(FCR, ENABLE_FIFO | TRIGGER_8);
        uart.out(IER, 0x04);
        uart.line.takeEdges();
        uart.receive("a");
        assertEquals(0xc1, uart.in(IIR), "the timeout is enabled with the data, and line status is not it");
        assertEquals(0, uart.line.takeEdges());
    }

    @Test
    void eachOctetSentRaisesAnEdgeAlsoWhereTheLastWasNotServed() {
        uart.out(IER, 0x02);
        uart.line.takeEdges();
        uart.out(THR, 'a');
        assertEquals(1, uart.line.takeEdges());
        uart.out(THR, 'b');
        assertEquals(1, uart.line.takeEdges(), "THR was full in between");
    }

    @Test
    void writingTheFifosRegisterKeepsWhatWaitsToBeSent() {
        uart.out(FCR, ENABLE_FIFO);
        uart.sink.setRoom(0);
        uart.out(THR, 'a');
        uart.out(FCR, ENABLE_FIFO | TRIGGER_8);
        uart.sink.setRoom(10);
        uart.device.outputReady();
        assertEquals("a", uart.sink.text());
        assertEquals(0, uart.device.droppedOutput());
    }

    @Test
    void turningTheFifoOffDropsWhatWaitsToBeSent() {
        uart.out(FCR, ENABLE_FIFO);
        uart.sink.setRoom(0);
        uart.out(THR, 'a');
        uart.out(THR, 'b');
        uart.out(FCR, 0);
        assertEquals(2, uart.device.droppedOutput());
        uart.sink.setRoom(10);
        uart.device.outputReady();
        assertEquals("", uart.sink.text());
    }

    @Test
    void clearingTheTransmitterMakesItReadyOnlyWhereTheSinkHasRoom() {
        uart.out(FCR, ENABLE_FIFO);
        uart.out(IER, 0x02);
        uart.in(IIR);
        uart.sink.setRoom(0);
        uart.out(THR, 'a');
        uart.line.takeEdges();
        uart.out(FCR, ENABLE_FIFO | CLEAR_XMIT);
        assertEquals(0xc1, uart.in(IIR), "empty, but the sink takes nothing");
        assertEquals(0, uart.line.takeEdges());
        uart.out(THR, 'b');
        uart.sink.setRoom(10);
        uart.out(FCR, ENABLE_FIFO | CLEAR_XMIT);
        assertEquals(1, uart.line.takeEdges());
        assertEquals(0xc2, uart.in(IIR));
    }

    @Test
    void controlRegistersDoNotRepeatTheInterruptOfAnEmptyTransmitter() {
        uart.out(IER, 0x02);
        assertEquals(0x02, uart.in(IIR), "served by this read");
        uart.out(FCR, ENABLE_FIFO);
        assertEquals(0xc1, uart.in(IIR));
        uart.out(MCR, 0x0b);
        assertEquals(0xc1, uart.in(IIR));
    }

    @Test
    void loopbackMakesATransmitterReadyThatTheSinkHeldUp() {
        uart.out(IER, 0x02);
        uart.in(IIR);
        uart.sink.setRoom(0);
        uart.out(THR, 'a');
        assertEquals(0x01, uart.in(IIR));
        assertEquals(0, uart.in(LSR) & 0x60);
        uart.line.takeEdges();
        uart.out(MCR, LOOPBACK);
        assertEquals(1, uart.line.takeEdges());
        assertEquals(0x02, uart.in(IIR));
    }

    @Test
    void clearingTheReceiverLetsWaitingInputInWithAnEdgeOfItsOwn() {
        uart.out(FCR, ENABLE_FIFO);
        uart.out(IER, 0x01);
        uart.receive("0123456789abcdefXY");
        uart.line.takeEdges();
        uart.out(FCR, ENABLE_FIFO | CLEAR_RCVR);
        assertEquals(1, uart.line.takeEdges(), "the cause has ended and come back");
        assertEquals("XY", uart.readAll());
    }

    @Test
    void roomThatAWriteHasMadeIsToldOf() {
        Uart small = new Uart(InputGate.ALWAYS, 2);
        small.out(FCR, ENABLE_FIFO);
        assertEquals(18, small.receive("0123456789abcdefXYZ"));
        assertEquals(0, small.roomCalls());
        small.out(FCR, ENABLE_FIFO | CLEAR_RCVR);
        assertEquals(1, small.roomCalls());
        assertEquals("XY", small.readAll());
    }

    @Test
    void oneOctetOfInputMayBeAllThatWaits() {
        assertEquals(2, new Uart(InputGate.ALWAYS, 1).receive("abc"));
    }
}
