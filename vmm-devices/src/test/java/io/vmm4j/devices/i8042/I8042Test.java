package io.vmm4j.devices.i8042;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.HostileRegisters;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The controller's ports, commands, interrupt and reset, against the PS/2 reference. */
class I8042Test {

    private final Controller controller = new Controller();

    @ParameterizedTest(name = "command {0} answers {1}")
    @CsvSource({"0x20, 0x65", "0xa4, 0xf1", "0xa9, 0x01", "0xaa, 0x55", "0xab, 0x00", "0xc0, 0x80", "0xd0, 0xcf", "0xe0, 0x00",
        "0x3f, 0x00"})
    void commandsAnswer(String command, String answer) {
        controller.command(Integer.decode(command));
        assertTrue(controller.isFull());
        assertEquals(Integer.decode(answer), controller.data());
        assertFalse(controller.isFull());
    }

    @ParameterizedTest(name = "command {0}")
    @ValueSource(ints = {0x00, 0x1f, 0x40, 0x5f, 0x80, 0xa0, 0xa7, 0xa8, 0xad, 0xae, 0xdd, 0xdf, 0xf1, 0xff})
    void otherCommandsAnswerNothing(int command) {
        controller.command(command);
        assertFalse(controller.isFull());
        assertEquals(0, controller.resets());
    }

    @Test
    void theStatusSaysWhatWasWrittenLastAndWhetherDataWaits() {
        assertEquals(0x1c, controller.status(), "not locked, command, system flag");
        controller.data(0xf4);
        assertEquals(0x15, controller.status(), "the keyboard's answer waits");
        controller.data();
        controller.command(0xae);
        assertEquals(0x1c, controller.status());
        controller.tell(0x60, 0x61);
        assertEquals(0x10, controller.status(), "the system flag follows the command byte");
    }

    @Test
    void theCommandByteAndTheRestOfTheRamAreKept() {
        controller.tell(0x60, 0x47);
        controller.tell(0x7f, 0xa5);
        assertEquals(0x47, controller.ask(0x20));
        assertEquals(0xa5, controller.ask(0x3f));
    }

    @Test
    void enablingAndDisablingShowInTheCommandByte() {
        controller.command(0xad);
        assertEquals(0x10, controller.ask(0x20) & 0x10);
        controller.command(0xae);
        assertEquals(0x00, controller.ask(0x20) & 0x10);
        controller.command(0xa7);
        assertEquals(0x20, controller.ask(0x20) & 0x20);
        controller.command(0xa8);
        assertEquals(0x00, controller.ask(0x20) & 0x20);
    }

    @Test
    void aDataPortThatIsEmptyReadsAsBefore() {
        assertEquals(0x55, controller.ask(0xaa));
        assertEquals(0x55, controller.data());
    }

    @Test
    void aNewerAnswerTakesThePlaceOfOneNobodyRead() {
        controller.command(0xaa);
        controller.command(0xab);
        assertEquals("00", controller.readAll());
    }

    @Test
    void aCommandForgetsTheDataByteThatTheOneBeforeWaitedFor() {
        controller.command(0x60);
        controller.command(0xae);
        controller.data(0xee);
        assertEquals("ee", controller.readAll(), "the byte went to the keyboard, which echoes it");
        assertEquals(0x65, controller.ask(0x20));
    }

    @Test
    void theOutputPortKeepsItsBitsAndShowsThatDataWaits() {
        controller.tell(0xd1, 0xdd);
        assertEquals(0xcd, controller.ask(0xd0));
        controller.command(0xdf);
        assertEquals(0xcf, controller.ask(0xd0));
        controller.command(0xdd);
        assertEquals(0xcd, controller.ask(0xd0));
        controller.data(0xee);
        assertEquals(0xdd, controller.ask(0xd0), "output buffer full");
        assertEquals(0, controller.resets());
    }

    @ParameterizedTest(name = "command {0} pulses reset {1} times")
    @CsvSource({"0xf0, 1", "0xf1, 0", "0xf2, 1", "0xf3, 0", "0xfc, 1", "0xfe, 1", "0xfd, 0", "0xff, 0", "0xef, 0"})
    void pulsesOfTheResetLineResetTheMachine(String command, int resets) {
        controller.command(Integer.decode(command));
        assertEquals(resets, controller.resets());
    }

    @Test
    void clearingTheResetBitOfTheOutputPortResetsTheMachine() {
        controller.tell(0xd1, 0xcf);
        assertEquals(0, controller.resets());
        controller.tell(0xd1, 0xce);
        assertEquals(1, controller.resets());
        controller.data(0xee);
        assertEquals(1, controller.resets(), "a byte to the keyboard is no output port");
        controller.tell(0x60, 0x00);
        assertEquals(1, controller.resets());
    }

    @Test
    void theResetActionMayUseTheDevice() {
        I8042[] device = new I8042[1];
        boolean[] typed = new boolean[1];
        device[0] = new I8042(controller.line, () -> typed[0] = device[0].sendCtrlAltDel());
        device[0].commandPort().write(0, 1, 0xfe);
        assertTrue(typed[0]);
    }

    @Test
    void eachByteAtTheDataPortRaisesOneEdge() {
        controller.keyboard(0xf4);
        controller.line.takeEdges();
        controller.data(0xf2);
        assertEquals(1, controller.line.takeEdges(), "acknowledge");
        controller.data();
        assertEquals(1, controller.line.takeEdges(), "first byte of the identity");
        controller.data();
        assertEquals(1, controller.line.takeEdges(), "second byte");
        controller.data();
        assertEquals(0, controller.line.takeEdges());
        controller.tell(0xd2, 0x77);
        assertEquals(1, controller.line.takeEdges(), "a byte as if from the keyboard");
        assertEquals(0x77, controller.data());
    }

    @Test
    void withoutTheInterruptBitNoEdgeComesUntilItIsSet() {
        controller.tell(0x60, 0x44);
        controller.data(0xee);
        assertEquals(0, controller.line.takeEdges());
        controller.tell(0x60, 0x45);
        assertEquals(1, controller.line.takeEdges());
        controller.tell(0x60, 0x45);
        assertEquals(0, controller.line.takeEdges());
    }

    @Test
    void theKeyboardsByteBehindAnAnswerRaisesItsEdgeWhenTheAnswerIsRead() {
        controller.data(0xee);
        assertEquals(0x65, controller.ask(0x20));
        controller.line.takeEdges();
        controller.command(0x20);
        controller.line.takeEdges();
        controller.data();
        assertEquals(1, controller.line.takeEdges());
        assertEquals(0xee, controller.data());
    }

    @Test
    void aDisabledInterfaceHoldsTheKeyboardBack() {
        controller.command(0xad);
        assertTrue(controller.device.sendCtrlAltDel());
        assertFalse(controller.isFull());
        controller.command(0xae);
        assertEquals("1d 38 e0 53 e0 d3 b8 9d", controller.readAll());
    }

    @Test
    void writingToTheKeyboardEnablesItsInterface() {
        controller.command(0xad);
        assertEquals("ee", controller.keyboard(0xee));
        assertEquals(0x00, controller.ask(0x20) & 0x10);
    }

    @Test
    void thereIsNoAuxiliaryPort() {
        controller.tell(0xd3, 0x5a);
        assertEquals(0x00, controller.status() & 0x20, "the byte comes back without the mark of auxiliary data");
        assertEquals(0x5a, controller.data());
        controller.tell(0xd4, 0xf2);
        assertFalse(controller.isFull());
    }

    @Test
    void thePortsAreOneByteWide() {
        assertEquals(0xffffff1cL, controller.device.commandPort().read(0, 4));
        controller.device.commandPort().write(0, 4, 0xfefefe_aeL);
        assertEquals(0, controller.resets());
        controller.device.dataPort().write(0, 2, 0xeeee);
        assertEquals("ee", controller.readAll());
        assertEquals(0xff, controller.device.dataPort().read(1, 1));
    }

    @Test
    void nothingAGuestDoesThrowsOrFillsMemoryOrKeepsTheControllerBusy() {
        HostileRegisters guest = new HostileRegisters("I8042Test");
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            for (int i = 0; i < 300_000; i++) {
                guest.access(guest.random().nextBoolean() ? controller.device.dataPort() : controller.device.commandPort(), 2);
                if (guest.random().nextInt(64) == 0) {
                    controller.device.sendCtrlAltDel();
                }
                if (guest.random().nextInt(1000) == 0) {
                    assertTrue(drains(), "more bytes than the buffers hold, seed " + guest.seed());
                }
            }
        });
        controller.command(0xae);
        assertTrue(drains());
        controller.tell(0x60, 0x45);
        controller.keyboard(0xff);
        assertEquals("ee", controller.keyboard(0xee), "seed " + guest.seed());
    }

    /** Reads what waits: the keyboard's buffer, the byte at the port, an answer, and a press that came while the one before was read. */
    private boolean drains() {
        for (int i = 0; i < 16 + 2 + 11; i++) {
            controller.data();
        }
        return !controller.isFull();
    }
}
