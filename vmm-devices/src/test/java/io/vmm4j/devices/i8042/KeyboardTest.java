package io.vmm4j.devices.i8042;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The keyboard behind the controller, with translation off unless a test says otherwise. */
class KeyboardTest {

    private static final String SET_2 = "14 11 e0 71 e0 f0 71 f0 11 f0 14";

    private final Controller controller = new Controller();

    @BeforeEach
    void switchTranslationOff() {
        controller.tell(0x60, 0x05);
    }

    @ParameterizedTest(name = "command {0} answers {1}")
    @CsvSource({"0xed, fa", "0xee, ee", "0xf0, fa", "0xf2, fa ab 83", "0xf3, fa", "0xf4, fa", "0xf5, fa", "0xf6, fa", "0xf7, fa",
        "0xf8, fa", "0xf9, fa", "0xfa, fa", "0xfb, fa", "0xfc, fa", "0xfd, fa", "0xff, fa aa", "0xef, fe", "0xf1, fe", "0x00, fe",
        "0xea, fe"})
    void commandsAnswer(String command, String answer) {
        assertEquals(answer, controller.keyboard(Integer.decode(command)));
    }

    @Test
    void translationChangesTheSecondByteOfTheIdentity() {
        controller.tell(0x60, 0x45);
        assertEquals("fa ab 41", controller.keyboard(0xf2));
    }

    @Test
    void lampsAreSetByTheParameterThatFollows() {
        assertEquals("fa fa", controller.keyboard(0xed, 0x05));
        assertEquals(0x05, controller.device.leds());
        assertEquals("fa aa", controller.keyboard(0xff));
        assertEquals(0x00, controller.device.leds());
    }

    @Test
    void aCommandInThePlaceOfAParameterIsServed() {
        assertEquals("fa ee", controller.keyboard(0xed, 0xee));
        assertEquals("fe", controller.keyboard(0x02), "the parameter is no longer awaited");
        assertEquals(0x00, controller.device.leds());
    }

    @Test
    void scanSetsCanBeAskedForAndChosen() {
        assertEquals("fa fa 02", controller.keyboard(0xf0, 0x00));
        assertEquals("fa fa", controller.keyboard(0xf0, 0x03));
        assertEquals("fa fa 03", controller.keyboard(0xf0, 0x00));
        assertEquals("fa fe", controller.keyboard(0xf0, 0x04));
        assertEquals("fa", controller.keyboard(0xf6));
        assertEquals("fa fa 02", controller.keyboard(0xf0, 0x00), "defaults bring set 2 back");
    }

    @Test
    void resendRepeatsTheLastByte() {
        controller.keyboard(0xf2);
        assertEquals("83", controller.keyboard(0xfe));
    }

    @ParameterizedTest(name = "scan set {0}")
    @CsvSource({"1, 1d 38 e0 53 e0 d3 b8 9d", "2, " + SET_2, "3, 11 19 64 f0 64 f0 19 f0 11"})
    void ctrlAltDelIsTypedInTheChosenScanSet(int set, String codes) {
        controller.keyboard(0xf0, set);
        assertTrue(controller.device.sendCtrlAltDel());
        assertEquals(codes, controller.readAll());
    }

    @Test
    void ctrlAltDelIsTranslatedToSet1AsLinuxExpects() {
        controller.tell(0x60, 0x45);
        controller.line.takeEdges();
        assertTrue(controller.device.sendCtrlAltDel());
        assertEquals(1, controller.line.takeEdges());
        assertEquals("1d 38 e0 53 e0 d3 b8 9d", controller.readAll());
        assertEquals(7, controller.line.takeEdges(), "one for each byte that follows");
    }

    @Test
    void fourPressesThatNobodyHasReadAreTakenAndAFifthIsNot() {
        for (int press = 1; press <= 4; press++) {
            assertTrue(controller.device.sendCtrlAltDel(), "press " + press);
        }
        assertFalse(controller.device.sendCtrlAltDel(), "four of the four bytes of a press fill a buffer of sixteen");
        assertEquals(SET_2, controller.readAll(), "pressed again before it was read is typed once");
        assertTrue(controller.device.sendCtrlAltDel());
        assertEquals(SET_2, controller.readAll());
    }

    @Test
    void unreadPressesAreNoMoreBytesThanALinuxDriverFlushes() {
        for (int press = 1; press <= 4; press++) {
            controller.device.sendCtrlAltDel();
        }
        assertTrue(controller.readAll().split(" ").length <= 16, "beyond sixteen Linux takes the controller for absent");
    }

    @Test
    void aPressWhoseDeleteWasReadIsTypedAgain() {
        assertTrue(controller.device.sendCtrlAltDel());
        String read = "";
        for (int i = 0; i < 4; i++) {
            read += String.format("%02x ", controller.data());
        }
        assertTrue(controller.device.sendCtrlAltDel());
        assertEquals(SET_2 + " " + SET_2, read + controller.readAll());
    }

    @Test
    void whatADriverThrowsAwayCountsNoMore() {
        for (int press = 1; press <= 4; press++) {
            controller.device.sendCtrlAltDel();
        }
        controller.data(0xf4);
        controller.readAll();
        assertTrue(controller.device.sendCtrlAltDel());
        assertEquals(SET_2, controller.readAll());
    }

    @Test
    void aKeyboardSwitchedOffTypesNothing() {
        controller.keyboard(0xf5);
        assertFalse(controller.device.sendCtrlAltDel());
        controller.keyboard(0xf4);
        assertTrue(controller.device.sendCtrlAltDel());
    }

    @Test
    void answersToAHostThatReadsNothingAreDroppedBeyondTheBuffer() {
        for (int i = 0; i < 1000; i++) {
            controller.data(0xee);
        }
        assertEquals(17, controller.readAll().split(" ").length, "sixteen in the buffer and one at the port");
    }

    @Test
    void theTranslationTableIsTheInverseOfTheOneDriversUse() {
        // Where set 1 codes of the common keys come from in set 2; a typo in the table fails here.
        int[][] keys = {{0x76, 0x01}, {0x16, 0x02}, {0x45, 0x0b}, {0x66, 0x0e}, {0x0d, 0x0f}, {0x15, 0x10}, {0x5a, 0x1c}, {0x14, 0x1d},
            {0x1c, 0x1e}, {0x12, 0x2a}, {0x1a, 0x2c}, {0x59, 0x36}, {0x7c, 0x37}, {0x11, 0x38}, {0x29, 0x39}, {0x58, 0x3a},
            {0x05, 0x3b}, {0x83, 0x41}, {0x09, 0x44}, {0x77, 0x45}, {0x7e, 0x46}, {0x6c, 0x47}, {0x71, 0x53}, {0x84, 0x54},
            {0x61, 0x56}, {0x78, 0x57}, {0x07, 0x58}};
        for (int[] key : keys) {
            assertEquals(key[1], ScanCodes.translate(key[0], false), "set 2 0x" + Integer.toHexString(key[0]));
            assertEquals(key[1] | 0x80, ScanCodes.translate(key[0], true));
        }
        assertEquals(128, java.util.stream.IntStream.range(0, 0x80).map(code -> ScanCodes.translate(code, false)).distinct().count(),
            "no two keys share a code");
        for (int answer : new int[] {0xaa, 0xab, 0xe0, 0xe1, 0xee, 0xfa, 0xfe}) {
            assertEquals(answer, ScanCodes.translate(answer, false));
        }
    }
}
