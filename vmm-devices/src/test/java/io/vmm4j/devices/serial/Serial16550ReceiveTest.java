package io.vmm4j.devices.serial;

import static io.vmm4j.devices.serial.Uart.FCR;
import static io.vmm4j.devices.serial.Uart.IER;
import static io.vmm4j.devices.serial.Uart.IIR;
import static io.vmm4j.devices.serial.Uart.LSR;
import static io.vmm4j.devices.serial.Uart.MCR;
import static io.vmm4j.devices.serial.Uart.RBR;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Host input: the waiting queue, the FIFO, trigger levels, breaks, clears, the gate. */
class Serial16550ReceiveTest {

    private final Uart uart = new Uart();

    @ParameterizedTest(name = "FCR {0}")
    @ValueSource(ints = {0x00, 0x01, 0x41, 0x81, 0xc1})
    void inputComesOutWholeAndInOrderWhateverTheFifo(int fifoControl) {
        uart.out(FCR, fifoControl);
        String text = "0123456789".repeat(40);
        assertEquals(400, uart.receive(text));
        assertEquals(text, uart.readAll());
        assertEquals(0x60, uart.in(LSR));
    }

    @Test
    void theQueueTakesWhatFitsAndTellsWhenHalfOfItIsFree() {
        Uart small = new Uart(InputGate.ALWAYS, 8);
        small.out(FCR, 0x01);
        assertEquals(24, small.receive("abcdefghijklmnopqrstuvwxyz"), "16 in the FIFO, 8 in the queue");
        assertEquals(0, small.device.inputRoom());
        assertEquals(0, small.receive("z"));
        for (int i = 0; i < 3; i++) {
            small.in(RBR);
        }
        assertEquals(0, small.roomCalls());
        small.in(RBR);
        assertEquals(1, small.roomCalls(), "half of the queue is free");
        assertEquals(4, small.device.inputRoom());
        assertEquals("efghijklmnopqrstuvwx", small.readAll());
        assertEquals(1, small.roomCalls(), "told once for each time that input was refused");
    }

    @Test
    void nobodyIsToldOfRoomWhoWasNotRefused() {
        Uart small = new Uart(InputGate.ALWAYS, 8);
        small.receive("abcdefgh");
        assertEquals("abcdefgh", small.readAll());
        assertEquals(0, small.roomCalls());
    }

    @Test
    void theListenerMayGiveMoreInputFromWithinTheCall() {
        Serial16550[] device = new Serial16550[1];
        int[] given = new int[1];
        byte[] block = "abcdefgh".getBytes();
        Runnable refill = () -> given[0] += given[0] < 64 ? device[0].receive(block, 0, block.length) : 0;
        device[0] = new Serial16550(uart.line, uart.sink, refill, InputGate.ALWAYS, 4);
        refill.run();
        int read = 0;
        while ((device[0].read(LSR, 1) & 1) != 0) {
            device[0].read(RBR, 1);
            read++;
        }
        assertTrue(given[0] >= 64, "kept going: " + given[0]);
        assertEquals(given[0], read);
    }

    @ParameterizedTest(name = "FCR {0}: {1} characters")
    @CsvSource({"0x01, 1", "0x41, 4", "0x81, 8", "0xc1, 14"})
    void dataBelowTheTriggerLevelIsATimeoutAndAtItReceivedData(String fifoControl, int level) {
        uart.out(FCR, Integer.decode(fifoControl));
        uart.out(IER, 0x01);
        assertEquals(0xc1, uart.in(IIR));
        for (int count = 1; count <= 16; count++) {
            uart.receive("x");
            assertEquals(count < level ? 0xcc : 0xc4, uart.in(IIR), count + " characters");
        }
        for (int left = 15; left >= 1; left--) {
            uart.in(RBR);
            assertEquals(left < level ? 0xcc : 0xc4, uart.in(IIR), left + " characters left");
        }
        uart.in(RBR);
        assertEquals(0xc1, uart.in(IIR));
    }

    @Test
    void withoutFifoOneCharacterIsReceivedDataAndNeverATimeout() {
        uart.out(IER, 0x01);
        uart.receive("abc");
        assertEquals(0x04, uart.in(IIR));
        assertEquals('a', uart.in(RBR));
        assertEquals(0x04, uart.in(IIR), "the next one followed");
    }

    @Test
    void clearingTheReceiverFifoDropsWhatItHolds() {
        uart.out(FCR, 0x01);
        uart.out(IER, 0x01);
        uart.receive("abc");
        uart.out(FCR, 0x03);
        assertEquals(0x60, uart.in(LSR));
        assertEquals(0xc1, uart.in(IIR));
        uart.receive("d");
        assertEquals("d", uart.readAll());
    }

    @Test
    void clearingTheTransmitterFifoLeavesTheReceiverAlone() {
        uart.out(FCR, 0x01);
        uart.receive("abc");
        uart.out(FCR, 0x05);
        assertEquals("abc", uart.readAll());
    }

    @Test
    void turningTheFifoOnOrOffEmptiesIt() {
        uart.out(FCR, 0x01);
        uart.receive("abc");
        uart.out(FCR, 0x00);
        assertEquals(0x60, uart.in(LSR));
        uart.receive("d");
        uart.out(FCR, 0x01);
        assertEquals(0x60, uart.in(LSR));
    }

    @Test
    void inputBehindAClearedFifoFollowsAtOnce() {
        uart.out(FCR, 0x01);
        uart.receive("0123456789abcdefREST");
        uart.out(FCR, 0x03);
        assertEquals("REST", uart.readAll());
    }

    @Test
    void aBreakIsAZeroCharacterWithItsMarkInItsPlaceInTheStream() {
        uart.out(FCR, 0x01);
        uart.out(IER, 0x05);
        uart.receive("a");
        assertTrue(uart.device.sendBreak());
        uart.receive("b");
        assertEquals(0xe1, uart.in(LSR), "an error in the FIFO, not yet at its top");
        assertEquals(0xc4, uart.in(IIR));
        assertEquals('a', uart.in(RBR));
        assertEquals(0xc6, uart.in(IIR), "line status comes first");
        assertEquals(0xf1, uart.in(LSR), "break, and an error in the FIFO");
        assertEquals(0x61, uart.in(LSR), "reading clears it");
        assertEquals(0xc4, uart.in(IIR));
        assertEquals(0x00, uart.in(RBR));
        assertEquals('b', uart.in(RBR));
        assertEquals(0x60, uart.in(LSR));
    }

    @Test
    void withoutFifoABreakSetsNoFifoErrorBit() {
        assertTrue(uart.device.sendBreak());
        assertEquals(0x71, uart.in(LSR));
        assertEquals(0x00, uart.in(RBR));
    }

    @Test
    void aBreakWithoutRoomIsRefused() {
        Uart small = new Uart(InputGate.ALWAYS, 2);
        assertEquals(3, small.receive("abcd"));
        assertFalse(small.device.sendBreak());
    }

    @Test
    void clearingTheReceiverForgetsTheBreaksInIt() {
        uart.out(FCR, 0x01);
        uart.device.sendBreak();
        uart.device.sendBreak();
        uart.out(FCR, 0x03);
        assertEquals(0x60, uart.in(LSR));
    }

    @Test
    void withTheGateInputWaitsUntilTheGuestRaisesRts() {
        Uart gated = new Uart(InputGate.REQUEST_TO_SEND, 64);
        gated.receive("typed ahead");
        assertEquals(0x60, gated.in(LSR));
        gated.out(FCR, 0x07);
        gated.out(MCR, 0x09);
        assertEquals(0x60, gated.in(LSR), "DTR alone does not ask for data");
        gated.out(MCR, 0x0b);
        assertEquals("typed ahead", gated.readAll());
        gated.out(MCR, 0x09);
        gated.receive("later");
        assertEquals(0x60, gated.in(LSR));
        gated.out(MCR, 0x1b);
        assertEquals(0x60, gated.in(LSR), "loopback forces RTS off");
        gated.out(MCR, 0x0b);
        assertEquals("later", gated.readAll());
    }

    @Test
    void withTheAutomaticGateAGuestThatNeverTouchesModemControlGetsItsInput() {
        Uart automatic = new Uart(InputGate.AUTOMATIC, 64);
        automatic.receive("polled");
        assertEquals("polled", automatic.readAll());
    }

    @Test
    void withTheAutomaticGateInputFromBeforeTheDriversFirstModemControlWriteSurvivesItsFifoClear() {
        Uart automatic = new Uart(InputGate.AUTOMATIC, 64);
        automatic.out(FCR, 0x01);
        automatic.receive("0123456789abcdefghij");
        assertEquals(0x61, automatic.in(LSR), "not gated yet");
        automatic.out(MCR, 0x08);
        assertEquals(0x60, automatic.in(LSR), "the receiver's content went back");
        automatic.out(FCR, 0x07);
        automatic.in(RBR);
        automatic.out(MCR, 0x0b);
        assertEquals("0123456789abcdefghij", automatic.readAll());
    }

    @Test
    void aFullQueueHasRoomForWhatTheReceiverGivesBack() {
        Uart automatic = new Uart(InputGate.AUTOMATIC, 8);
        automatic.out(FCR, 0x01);
        automatic.receive("0123456789abcdef");
        automatic.receive("ABCDEFGH");
        automatic.out(MCR, 0x08);
        automatic.out(MCR, 0x0b);
        assertEquals("0123456789abcdefABCDEFGH", automatic.readAll());
    }

    @Test
    void inputDuringLoopbackWaitsUntilItEnds() {
        uart.out(MCR, 0x10);
        uart.receive("abc");
        assertEquals(0x60, uart.in(LSR));
        uart.out(MCR, 0x00);
        assertEquals("abc", uart.readAll());
    }

    @Test
    void anImpossibleSliceOfInputIsTheCallersMistake() {
        assertThrows(IndexOutOfBoundsException.class, () -> uart.device.receive(new byte[4], 2, 3));
        assertThrows(IllegalArgumentException.class, () -> new Uart(InputGate.ALWAYS, 0));
    }
}
