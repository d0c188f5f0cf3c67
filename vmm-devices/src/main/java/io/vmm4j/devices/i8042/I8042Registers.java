package io.vmm4j.devices.i8042;

/**
 * Ports, bits and commands of the keyboard controller, IBM PS/2 Hardware Interface Technical Reference, "Keyboard and
 * Auxiliary Device Controller"; bit names as in Linux's i8042.h.
 */
final class I8042Registers {

    /** Status: a byte waits at the data port. */
    static final int STR_OBF = 0x01;
    /** Status: the self test has passed; a copy of {@link #CTR_SYSTEM}. */
    static final int STR_SYSTEM = 0x04;
    /** Status: the last write went to the command port. */
    static final int STR_CMDDAT = 0x08;
    /** Status: the keyboard is not locked by its key switch. */
    static final int STR_KEYLOCK = 0x10;

    /** Command byte: keyboard interrupt. */
    static final int CTR_KBDINT = 0x01;
    /** Command byte: system flag. */
    static final int CTR_SYSTEM = 0x04;
    /** Command byte: keyboard interface off. */
    static final int CTR_KBDDIS = 0x10;
    /** Command byte: auxiliary interface off. */
    static final int CTR_AUXDIS = 0x20;
    /** Command byte: scan codes are translated to set 1. */
    static final int CTR_XLATE = 0x40;
    /** The command byte as firmware leaves it. */
    static final int CTR_INITIAL = CTR_KBDINT | CTR_SYSTEM | CTR_AUXDIS | CTR_XLATE;

    /** Reads RAM byte (command &amp; 0x1f), 0x20 to 0x3f; byte 0 is the command byte. */
    static final int CMD_READ_RAM = 0x20;
    /** Writes RAM byte (command &amp; 0x1f), 0x60 to 0x7f. */
    static final int CMD_WRITE_RAM = 0x60;
    /** Is a password installed? */
    static final int CMD_PASSWORD_TEST = 0xa4;
    /** Switches the auxiliary interface off. */
    static final int CMD_AUX_DISABLE = 0xa7;
    /** Switches the auxiliary interface on. */
    static final int CMD_AUX_ENABLE = 0xa8;
    /** Tests the auxiliary interface. */
    static final int CMD_AUX_TEST = 0xa9;
    /** Self test. */
    static final int CMD_CTL_TEST = 0xaa;
    /** Tests the keyboard interface. */
    static final int CMD_KBD_TEST = 0xab;
    /** Switches the keyboard interface off. */
    static final int CMD_KBD_DISABLE = 0xad;
    /** Switches the keyboard interface on. */
    static final int CMD_KBD_ENABLE = 0xae;
    /** Reads the input port. */
    static final int CMD_READ_INPUT_PORT = 0xc0;
    /** Reads the output port. */
    static final int CMD_READ_OUTPUT_PORT = 0xd0;
    /** Writes the output port. */
    static final int CMD_WRITE_OUTPUT_PORT = 0xd1;
    /** The next data byte comes back as if the keyboard had sent it. */
    static final int CMD_KBD_LOOP = 0xd2;
    /** The next data byte comes back as if the auxiliary device had sent it. */
    static final int CMD_AUX_LOOP = 0xd3;
    /** The next data byte goes to the auxiliary device. */
    static final int CMD_AUX_SEND = 0xd4;
    /** A20 off. */
    static final int CMD_A20_OFF = 0xdd;
    /** A20 on. */
    static final int CMD_A20_ON = 0xdf;
    /** Reads the test inputs: keyboard clock and data. */
    static final int CMD_READ_TEST_INPUTS = 0xe0;
    /** Pulses the output port bits that are 0 in (command &amp; 0xf), 0xf0 to 0xff. */
    static final int CMD_PULSE = 0xf0;

    /** Answer to {@link #CMD_CTL_TEST}: passed. */
    static final int RET_CTL_TEST = 0x55;
    /** Answer to {@link #CMD_KBD_TEST}: no error. */
    static final int RET_KBD_TEST = 0x00;
    /** Answer to {@link #CMD_AUX_TEST}: the clock line is stuck low, as with nothing there. */
    static final int RET_AUX_ABSENT = 0x01;
    /** Answer to {@link #CMD_PASSWORD_TEST}: none. */
    static final int RET_NO_PASSWORD = 0xf1;
    /** Input port: keyboard not locked. */
    static final int INPUT_PORT = 0x80;

    /** Output port: 0 resets the machine. */
    static final int OUT_RESET = 0x01;
    /** Output port: A20 passes. */
    static final int OUT_A20 = 0x02;
    /** Output port: keyboard output buffer full. */
    static final int OUT_KBD_OBF = 0x10;
    /** The output port at rest. */
    static final int OUT_INITIAL = 0xcf;

    private I8042Registers() {
    }
}
