package io.vmm4j.devices.i8042;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;

/**
 * An AT keyboard with all commands of the PS/2 protocol: it answers identify, reset, LEDs, typematic rate and scan set
 * requests, and types Ctrl-Alt-Del. Guarded by the controller's lock.
 *
 * <p>Its buffer holds {@value #BUFFER_SIZE} bytes. Answers that find it full are dropped, as are those to a host that sends
 * command after command and reads nothing.
 *
 * <p>Ctrl-Alt-Del that is pressed again before its Delete was read is typed once: Linux takes a controller for absent that has more
 * than 16 bytes for it when its driver comes. {@value #PRESSES_MAX} such presses are taken, as many as Firecracker's buffer has room for.
 */
final class Keyboard implements Stateful {

    /** Bytes in the keyboard's own buffer. */
    static final int BUFFER_SIZE = 16;

    /** Unread presses of Ctrl-Alt-Del that are taken. */
    static final int PRESSES_MAX = 4;
    /** Bytes of a press up to, and not with, its Delete key's last one, whatever the scan set. */
    private static final int BEFORE_DELETE = 3;

    private static final int ACK = 0xfa;
    private static final int RESEND = 0xfe;
    private static final int SELF_TEST_PASSED = 0xaa;
    private static final int ECHO = 0xee;
    private static final int[] ID = {0xab, 0x83};

    private static final int CMD_SET_LEDS = 0xed;
    private static final int CMD_ECHO = 0xee;
    private static final int CMD_SCAN_SET = 0xf0;
    private static final int CMD_IDENTIFY = 0xf2;
    private static final int CMD_SET_RATE = 0xf3;
    private static final int CMD_ENABLE = 0xf4;
    private static final int CMD_DISABLE = 0xf5;
    private static final int CMD_DEFAULTS = 0xf6;
    private static final int CMD_ALL_TYPEMATIC = 0xf7;
    private static final int CMD_ALL_MAKE_BREAK = 0xf8;
    private static final int CMD_ALL_MAKE = 0xf9;
    private static final int CMD_ALL_TYPEMATIC_MAKE_BREAK = 0xfa;
    private static final int CMD_KEY_TYPEMATIC = 0xfb;
    private static final int CMD_KEY_MAKE_BREAK = 0xfc;
    private static final int CMD_KEY_MAKE = 0xfd;
    private static final int CMD_RESEND = 0xfe;
    private static final int CMD_RESET = 0xff;
    private static final int NO_COMMAND = -1;

    private static final int DEFAULT_SCAN_SET = 2;
    private static final int SCAN_SET_MAX = 3;
    private static final int LED_MASK = 0x07;
    private static final int OCTET_MAX = 0xff;

    private final int[] buffer = new int[BUFFER_SIZE];
    private int head;
    private int size;
    private int lastSent;
    /** Presses of Ctrl-Alt-Del of which something was not sent yet. */
    private int presses;
    /** How many of the oldest bytes end with those of the press; 0 when there is none. */
    private int untilTyped;
    /** The press has to be typed once more: its Delete was on its way when it was pressed again. */
    private boolean isTypedAgain;
    /** The command whose parameter comes next, or {@link #NO_COMMAND}. */
    private int pendingCommand = NO_COMMAND;
    private boolean scanning = true;
    private int scanSet = DEFAULT_SCAN_SET;
    private int leds;

    @Override
    public State saveState() {
        byte[] waiting = new byte[size];
        for (int i = 0; i < size; i++) {
            waiting[i] = (byte) buffer[(head + i) % BUFFER_SIZE];
        }
        return State.builder().put("buffer", waiting).put("lastSent", lastSent).put("presses", presses).put("untilTyped", untilTyped)
                .put("isTypedAgain", isTypedAgain).put("pendingCommand", pendingCommand).put("scanning", scanning).put("scanSet", scanSet)
                .put("leds", leds).build();
    }

    @Override
    public void restoreState(State state) throws StateException {
        byte[] waiting = state.bytes("buffer", 0, BUFFER_SIZE);
        presses = state.int32("presses", 0, PRESSES_MAX);
        untilTyped = state.int32("untilTyped", presses == 0 ? 0 : 1, presses == 0 ? 0 : waiting.length);
        isTypedAgain = state.flag("isTypedAgain");
        lastSent = state.int32("lastSent", 0, OCTET_MAX);
        pendingCommand = state.int32("pendingCommand", NO_COMMAND, OCTET_MAX);
        scanning = state.flag("scanning");
        scanSet = state.int32("scanSet", 1, SCAN_SET_MAX);
        leds = state.int32("leds", 0, LED_MASK);
        head = 0;
        size = waiting.length;
        for (int i = 0; i < size; i++) {
            buffer[i] = Byte.toUnsignedInt(waiting[i]);
        }
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Sends the oldest byte; there must be one. */
    int poll() {
        lastSent = buffer[head];
        head = (head + 1) % BUFFER_SIZE;
        size--;
        if (untilTyped > 0) {
            untilTyped--;
            finishPress();
        }
        return lastSent;
    }

    private void finishPress() {
        if (untilTyped == 0) {
            boolean again = isTypedAgain;
            forgetPresses();
            if (again) {
                typeCtrlAltDel();
            }
        }
    }

    private void forgetPresses() {
        presses = 0;
        untilTyped = 0;
        isTypedAgain = false;
    }

    /** The lamps: bit 0 scroll lock, bit 1 num lock, bit 2 caps lock. */
    int leds() {
        return leds;
    }

    /** Types Ctrl-Alt-Del; false when the driver has switched scanning off or the buffer has no room for it. */
    boolean typeCtrlAltDel() {
        int[] codes = ScanCodes.ctrlAltDel(scanSet);
        boolean hasRoom = presses == 0 ? codes.length <= BUFFER_SIZE - size : presses < PRESSES_MAX;
        if (!scanning || !hasRoom) {
            return false;
        }
        if (presses == 0) {
            answer(codes);
            untilTyped = size;
        } else {
            isTypedAgain |= codes.length - untilTyped >= BEFORE_DELETE;
        }
        presses++;
        return true;
    }

    /** Takes a byte the host sends: a command, or the parameter of the one before. */
    void receive(int octet) {
        int command = pendingCommand;
        pendingCommand = NO_COMMAND;
        // A byte with the top bit set is no parameter of any command: it starts a new one.
        if (command != NO_COMMAND && octet < 0x80) {
            parameter(command, octet);
        } else {
            command(octet);
        }
    }

    private void command(int command) {
        switch (command) {
            case CMD_SET_LEDS, CMD_SCAN_SET, CMD_SET_RATE, CMD_KEY_TYPEMATIC, CMD_KEY_MAKE_BREAK, CMD_KEY_MAKE -> {
                pendingCommand = command;
                answer(ACK);
            }
            case CMD_ECHO -> answer(ECHO);
            case CMD_IDENTIFY -> {
                answer(ACK);
                answer(ID);
            }
            case CMD_ENABLE -> {
                clear();
                scanning = true;
                answer(ACK);
            }
            case CMD_DISABLE -> {
                setDefaults();
                scanning = false;
                answer(ACK);
            }
            case CMD_DEFAULTS -> {
                setDefaults();
                answer(ACK);
            }
            // How keys repeat is set 3 only, and no key is ever held here.
            case CMD_ALL_TYPEMATIC, CMD_ALL_MAKE_BREAK, CMD_ALL_MAKE, CMD_ALL_TYPEMATIC_MAKE_BREAK -> answer(ACK);
            case CMD_RESEND -> answer(lastSent);
            case CMD_RESET -> {
                setDefaults();
                scanning = true;
                leds = 0;
                answer(ACK, SELF_TEST_PASSED);
            }
            default -> answer(RESEND);
        }
    }

    private void parameter(int command, int value) {
        switch (command) {
            case CMD_SET_LEDS -> {
                leds = value & LED_MASK;
                answer(ACK);
            }
            case CMD_SCAN_SET -> selectScanSet(value);
            // Neither the typematic rate nor how one key repeats matters to a keyboard on which no key is held.
            default -> answer(ACK);
        }
    }

    private void selectScanSet(int value) {
        switch (value) {
            case 0 -> answer(ACK, scanSet);
            case 1, 2, 3 -> {
                scanSet = value;
                answer(ACK);
            }
            default -> answer(RESEND);
        }
    }

    private void setDefaults() {
        clear();
        scanSet = DEFAULT_SCAN_SET;
    }

    private void clear() {
        head = 0;
        size = 0;
        forgetPresses();
    }

    private void answer(int... octets) {
        for (int octet : octets) {
            if (size < BUFFER_SIZE) {
                buffer[(head + size) % BUFFER_SIZE] = octet;
                size++;
            }
        }
    }
}
