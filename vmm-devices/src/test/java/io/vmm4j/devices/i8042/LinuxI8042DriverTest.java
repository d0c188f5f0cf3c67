package io.vmm4j.devices.i8042;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/**
 * The sequences of Linux's i8042, libps2 and atkbd drivers. The driver waits up to half a second for each answer, so
 * "answered at once" is what these tests check: a probe without a wait and without a line of complaint in the log.
 */
class LinuxI8042DriverTest {

    private final Controller controller = new Controller();
    private int commandByte;

    /** i8042_command with one answer: the buffer must be free for the command and full right after. */
    private int command(int command, int... parameters) {
        assertEquals(0, controller.status() & 0x02, "input buffer free");
        controller.command(command);
        for (int parameter : parameters) {
            assertEquals(0, controller.status() & 0x02);
            controller.data(parameter);
        }
        assertTrue(controller.isFull(), "answered at once");
        return controller.data();
    }

    private void writeCommandByte(int value) {
        commandByte = value;
        controller.tell(0x60, value);
    }

    private void initController() {
        for (int i = 0; i < 16 && controller.isFull(); i++) {
            controller.data();
        }
        assertFalse(controller.isFull(), "else: No controller found");
        int first = command(0x20);
        assertEquals(first, command(0x20), "the command byte reads the same twice");
        assertNotEquals(0, controller.status() & 0x10, "else: Keylock active");
        assertNotEquals(0, first & 0x40, "translated: the keyboard port is of the kind SERIO_8042_XL");
        writeCommandByte((first | 0x10) & ~0x01);
        controller.readAll();
    }

    private void enableKeyboardPort() {
        writeCommandByte((commandByte & ~0x10) | 0x01);
        controller.line.takeEdges();
    }

    /** ps2_command: the byte is acknowledged, with an interrupt. */
    private void send(int... bytes) {
        for (int octet : bytes) {
            controller.data(octet);
            assertTrue(controller.line.takeEdges() > 0, "interrupt");
            assertEquals(0xfa, controller.data());
        }
    }

    @Test
    void theSelfTestPasses() {
        assertEquals(0x55, command(0xaa));
    }

    /** i8042_check_aux: false at once, without its half-second waits and without a warning. */
    @Test
    void theAuxiliaryPortIsFoundAbsentAtOnce() {
        initController();
        checkAux();
    }

    private void checkAux() {
        controller.tell(0xd3, 0x5a);
        assertTrue(controller.isFull(), "answered at once");
        assertEquals(0, controller.status() & 0x20, "not auxiliary data: the driver leaves it unread");
        int test = command(0xa9);
        assertTrue(test != 0x00 && test != 0xfa && test != 0xff, "no auxiliary port");
    }

    @Test
    void atkbdFindsItsKeyboardAndSetsItUp() {
        initController();
        checkAux();
        enableKeyboardPort();
        send(0xf2);
        assertEquals(0xab, controller.data());
        assertEquals(0x41, controller.data());
        send(0xf5);
        send(0xed, 0x00);
        send(0xf3, 0x00);
        send(0xf4);
        assertFalse(controller.isFull());
        assertTrue(controller.device.sendCtrlAltDel());
        assertEquals("1d 38 e0 53 e0 d3 b8 9d", controller.readAll());
    }

    /** With i8042.dumbkbd nothing is ever sent to the keyboard, which scans since it was powered on. */
    @Test
    void aDriverThatNeverTalksToTheKeyboardHearsCtrlAltDel() {
        initController();
        enableKeyboardPort();
        assertTrue(controller.device.sendCtrlAltDel());
        assertEquals(1, controller.line.takeEdges());
        assertEquals("1d 38 e0 53 e0 d3 b8 9d", controller.readAll());
    }

    @Test
    void ctrlAltDelBeforeTheDriverIsUpDoesNotHideTheController() {
        assertTrue(controller.device.sendCtrlAltDel());
        initController();
        enableKeyboardPort();
        controller.readAll();
        send(0xf4);
    }

    /** native_machine_emergency_restart with reboot=k. */
    @Test
    void rebootPulsesTheResetLine() {
        assertEquals(0, controller.status() & 0x02, "kb_wait sees a free input buffer");
        controller.command(0xfe);
        assertEquals(1, controller.resets());
    }
}
