package io.vmm4j.devices.serial;

import static io.vmm4j.devices.serial.Uart.FCR;
import static io.vmm4j.devices.serial.Uart.IER;
import static io.vmm4j.devices.serial.Uart.IIR;
import static io.vmm4j.devices.serial.Uart.LSR;
import static io.vmm4j.devices.serial.Uart.MCR;
import static io.vmm4j.devices.serial.Uart.THR;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** The guest's output: the sink, back-pressure, the THR empty interrupt, what is dropped. */
class Serial16550TransmitTest {

    private final Uart uart = new Uart();

    private void write(String text) {
        text.chars().forEach(octet -> uart.out(THR, octet));
    }

    @Test
    void outputGoesStraightToTheSink() {
        write("Linux\n");
        assertEquals("Linux\n", uart.sink.text());
        assertEquals(0x60, uart.in(LSR));
        assertEquals(0, uart.device.droppedOutput());
    }

    @Test
    void aSinkWithoutRoomHoldsTheTransmitterBack() {
        uart.sink.setRoom(1);
        write("a");
        assertEquals(0x00, uart.in(LSR), "neither THRE nor TEMT");
        uart.sink.setRoom(1);
        uart.device.outputReady();
        assertEquals(0x60, uart.in(LSR));
    }

    @Test
    void aDriverThatFillsTheFifoOnOneEmptyLosesNothing() {
        uart.out(FCR, 0x01);
        uart.sink.setRoom(1);
        write("0123456789abcdef");
        assertEquals("0", uart.sink.text());
        assertEquals(0x00, uart.in(LSR));
        uart.sink.setRoom(10);
        uart.device.outputReady();
        assertEquals("0123456789a", uart.sink.text());
        assertEquals(0x00, uart.in(LSR));
        uart.sink.setRoom(100);
        uart.device.outputReady();
        assertEquals("0123456789abcdef", uart.sink.text());
        assertEquals(0x60, uart.in(LSR));
        assertEquals(0, uart.device.droppedOutput());
    }

    @Test
    void outputBeyondTheFifoOfAStuckReaderIsCountedAsDropped() {
        uart.out(FCR, 0x01);
        uart.sink.setRoom(0);
        write("0123456789abcdefXYZ");
        assertEquals(3, uart.device.droppedOutput());
        uart.sink.setRoom(100);
        write("!");
        assertEquals("0123456789abcdef!", uart.sink.text(), "what waited goes first");
    }

    @Test
    void withoutFifoOneOctetWaits() {
        uart.sink.setRoom(0);
        write("abc");
        assertEquals(2, uart.device.droppedOutput());
        uart.sink.setRoom(100);
        uart.device.outputReady();
        assertEquals("a", uart.sink.text());
    }

    @Test
    void clearingTheTransmitterFifoDropsWhatWaitsAndCountsIt() {
        uart.out(FCR, 0x01);
        uart.sink.setRoom(0);
        write("abc");
        uart.out(FCR, 0x05);
        assertEquals(3, uart.device.droppedOutput());
        uart.sink.setRoom(100);
        uart.device.outputReady();
        assertEquals("", uart.sink.text());
    }

    @Test
    void enablingTheInterruptWhileTheTransmitterIsEmptyRaisesIt() {
        uart.open();
        uart.out(IER, 0x02);
        assertEquals(1, uart.line.takeEdges());
        assertEquals(0x02, uart.in(IIR));
        assertEquals(0x01, uart.in(IIR), "reading it as the reported cause clears it");
        uart.out(IER, 0x02);
        assertEquals(0, uart.line.takeEdges(), "it was enabled already");
        uart.out(IER, 0x00);
        uart.out(IER, 0x02);
        assertEquals(1, uart.line.takeEdges(), "each enabling raises it anew");
        assertEquals(0x02, uart.in(IIR));
    }

    @Test
    void enablingTheInterruptWhileTheTransmitterIsHeldBackRaisesItWhenItEmpties() {
        uart.open();
        uart.sink.setRoom(0);
        write("a");
        uart.out(IER, 0x02);
        assertEquals(0x01, uart.in(IIR));
        assertEquals(0, uart.line.takeEdges());
        uart.sink.setRoom(2);
        uart.device.outputReady();
        assertEquals(1, uart.line.takeEdges());
        assertEquals(0x02, uart.in(IIR));
    }

    @Test
    void outputReadyWithoutRoomRaisesNothing() {
        uart.open();
        uart.sink.setRoom(0);
        uart.out(IER, 0x02);
        uart.device.outputReady();
        assertEquals(0, uart.line.takeEdges());
        assertEquals(0x01, uart.in(IIR));
    }

    @Test
    void eachOctetThatLeavesRaisesTheInterruptAnew() {
        uart.open();
        uart.out(IER, 0x02);
        uart.in(IIR);
        uart.line.takeEdges();
        write("a");
        assertEquals(1, uart.line.takeEdges());
        assertEquals(0x02, uart.in(IIR));
    }

    @Test
    void writingTheTransmitterClearsThePendingInterruptWhileItIsNotEmpty() {
        uart.open();
        uart.sink.setRoom(1);
        uart.out(IER, 0x02);
        write("a");
        assertEquals(0x01, uart.in(IIR));
    }

    @Test
    void readingIirClearsOnlyTheReportedThrEmptyCause() {
        uart.open();
        uart.out(IER, 0x03);
        uart.receive("x");
        assertEquals(0x04, uart.in(IIR));
        assertEquals(0x04, uart.in(IIR), "reading does not clear received data");
        uart.in(Uart.RBR);
        assertEquals(0x02, uart.in(IIR), "THR empty was not the one reported, so it is still there");
        assertEquals(0x01, uart.in(IIR));
    }

    @Test
    void loopbackTakesOutputEvenWhenTheSinkIsFull() {
        uart.sink.setRoom(0);
        assertEquals(0x00, uart.in(LSR));
        uart.out(MCR, 0x10);
        assertEquals(0x60, uart.in(LSR));
        uart.out(IER, 0x02);
        assertEquals(0x02, uart.in(IIR) & 0x0f);
        uart.out(IER, 0x00);
        uart.out(IER, 0x02);
        uart.out(MCR, 0x00);
        assertEquals(0x00, uart.in(LSR));
        assertEquals(0x01, uart.in(IIR), "no THR empty interrupt from a transmitter that is held back");
    }
}
