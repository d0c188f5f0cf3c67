package io.vmm4j.devices.i8042;

import static io.vmm4j.devices.i8042.I8042Registers.CMD_A20_OFF;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_A20_ON;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_AUX_DISABLE;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_AUX_ENABLE;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_AUX_LOOP;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_AUX_SEND;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_AUX_TEST;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_CTL_TEST;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_KBD_DISABLE;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_KBD_ENABLE;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_KBD_LOOP;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_KBD_TEST;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_PASSWORD_TEST;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_PULSE;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_READ_INPUT_PORT;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_READ_OUTPUT_PORT;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_READ_RAM;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_READ_TEST_INPUTS;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_WRITE_OUTPUT_PORT;
import static io.vmm4j.devices.i8042.I8042Registers.CMD_WRITE_RAM;
import static io.vmm4j.devices.i8042.I8042Registers.CTR_AUXDIS;
import static io.vmm4j.devices.i8042.I8042Registers.CTR_INITIAL;
import static io.vmm4j.devices.i8042.I8042Registers.CTR_KBDDIS;
import static io.vmm4j.devices.i8042.I8042Registers.CTR_KBDINT;
import static io.vmm4j.devices.i8042.I8042Registers.CTR_SYSTEM;
import static io.vmm4j.devices.i8042.I8042Registers.CTR_XLATE;
import static io.vmm4j.devices.i8042.I8042Registers.OUT_A20;
import static io.vmm4j.devices.i8042.I8042Registers.OUT_INITIAL;
import static io.vmm4j.devices.i8042.I8042Registers.OUT_KBD_OBF;
import static io.vmm4j.devices.i8042.I8042Registers.OUT_RESET;
import static io.vmm4j.devices.i8042.I8042Registers.STR_CMDDAT;
import static io.vmm4j.devices.i8042.I8042Registers.STR_KEYLOCK;
import static io.vmm4j.devices.i8042.I8042Registers.STR_OBF;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.bus.OctetDevice;
import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import java.util.Objects;

/**
 * The PC's keyboard controller with a keyboard on it. IBM PS/2 Hardware Interface Technical Reference, "Keyboard and
 * Auxiliary Device Controller".
 *
 * <p>There is no auxiliary (mouse) port: the loopback of command 0xD3 answers without the mark of auxiliary data and the
 * interface test 0xA9 fails, which is how drivers find that out at once, without waiting for a time-out; bytes for the
 * auxiliary device go nowhere. The A20 gate is kept and has no effect.
 *
 * <p>A controller's answer goes before the keyboard's bytes and takes the place of an older one not yet read. Each byte
 * that comes to the data port raises one edge while the command byte enables the keyboard interrupt.
 *
 * <p>Thread-safe; one lock guards all state. The interrupt line is called under it, the reset action is not.
 */
public final class I8042 implements Stateful {

    /** I/O port of {@link #dataPort()}, one byte long. */
    public static final int DATA_PORT = 0x60;
    /** I/O port of {@link #commandPort()}, one byte long. */
    public static final int COMMAND_PORT = 0x64;

    private static final int NONE = -1;
    private static final int RAM_SIZE = 32;
    private static final int OCTET_MAX = 0xff;

    private final Object lock = new Object();
    private final InterruptLine keyboardLine;
    private final Runnable onReset;
    private final Keyboard keyboard = new Keyboard();
    private final OctetDevice dataPort = new DataPort();
    private final OctetDevice commandPort = new CommandPort();

    /** The controller's RAM; byte 0 is the command byte. */
    private final int[] ram = new int[RAM_SIZE];
    private int outputPort = OUT_INITIAL;
    /** The command whose data byte comes next, or {@link #NONE}. */
    private int pendingCommand = NONE;
    private boolean lastWriteWasCommand = true;
    /** The controller's answer not yet read, or {@link #NONE}. */
    private int reply = NONE;
    /** The keyboard's byte at the data port, or {@link #NONE}. */
    private int keyboardByte = NONE;
    private boolean releasePrefixSeen;
    private int lastRead;

    /**
     * @param keyboardLine the keyboard interrupt (IRQ 1 on a PC)
     * @param onReset      resets the machine; called on the vCPU thread that asked, without this device's lock, each time
     *                     it asks; must not block
     */
    public I8042(InterruptLine keyboardLine, Runnable onReset) {
        this.keyboardLine = Objects.requireNonNull(keyboardLine);
        this.onReset = Objects.requireNonNull(onReset);
        ram[0] = CTR_INITIAL;
    }

    /** The device at port {@value #DATA_PORT}: one byte. */
    public BusDevice dataPort() {
        return dataPort;
    }

    /** The device at port {@value #COMMAND_PORT}: one byte; reads give the status. */
    public BusDevice commandPort() {
        return commandPort;
    }

    /**
     * Presses and releases Ctrl, Alt and Delete. What is pressed again before the driver has read it is typed once.
     *
     * @return false, and nothing is typed, when the driver has switched the keyboard's scanning off, when four presses have
     *     not been read yet, or when answers that nobody has read leave no room in its buffer
     */
    public boolean sendCtrlAltDel() {
        synchronized (lock) {
            boolean typed = keyboard.typeCtrlAltDel();
            pullKeyboard();
            return typed;
        }
    }

    /** The keyboard's lamps: bit 0 scroll lock, bit 1 num lock, bit 2 caps lock. */
    public int leds() {
        synchronized (lock) {
            return keyboard.leds();
        }
    }

    @Override
    public State saveState() {
        synchronized (lock) {
            byte[] bytes = new byte[RAM_SIZE];
            for (int i = 0; i < RAM_SIZE; i++) {
                bytes[i] = (byte) ram[i];
            }
            return State.builder().put("ram", bytes).put("outputPort", outputPort).put("pendingCommand", pendingCommand)
                    .put("lastWriteWasCommand", lastWriteWasCommand).put("reply", reply).put("keyboardByte", keyboardByte)
                    .put("releasePrefixSeen", releasePrefixSeen).put("lastRead", lastRead).put("keyboard", keyboard.saveState()).build();
        }
    }

    @Override
    public void restoreState(State state) throws StateException {
        synchronized (lock) {
            byte[] bytes = state.bytes("ram", RAM_SIZE, RAM_SIZE);
            int command = state.int32("pendingCommand", NONE, OCTET_MAX);
            if (command != NONE && !hasParameter(command)) {
                throw new StateException("pendingCommand is " + command + ", which has no parameter");
            }
            pendingCommand = command;
            outputPort = state.int32("outputPort", 0, OCTET_MAX);
            lastWriteWasCommand = state.flag("lastWriteWasCommand");
            reply = state.int32("reply", NONE, OCTET_MAX);
            keyboardByte = state.int32("keyboardByte", NONE, OCTET_MAX);
            releasePrefixSeen = state.flag("releasePrefixSeen");
            lastRead = state.int32("lastRead", 0, OCTET_MAX);
            for (int i = 0; i < RAM_SIZE; i++) {
                ram[i] = Byte.toUnsignedInt(bytes[i]);
            }
            keyboard.restoreState(state.part("keyboard"));
        }
    }

    @Override
    public void afterRestore() {
        synchronized (lock) {
            if (isOutputFull()) {
                raise();
            }
        }
    }

    private int readData() {
        synchronized (lock) {
            if (reply != NONE) {
                lastRead = reply;
                reply = NONE;
                if (keyboardByte != NONE) {
                    raise();
                }
            } else if (keyboardByte != NONE) {
                lastRead = keyboardByte;
                keyboardByte = NONE;
                pullKeyboard();
            }
            return lastRead;
        }
    }

    private int readStatus() {
        synchronized (lock) {
            return STR_KEYLOCK | ram[0] & CTR_SYSTEM
                | (isOutputFull() ? STR_OBF : 0)
                | (lastWriteWasCommand ? STR_CMDDAT : 0);
        }
    }

    private void writeData(int value) {
        boolean reset;
        synchronized (lock) {
            lastWriteWasCommand = false;
            int command = pendingCommand;
            pendingCommand = NONE;
            if (command == NONE) {
                // Talking to the keyboard switches its interface on again.
                ram[0] &= ~CTR_KBDDIS;
                keyboard.receive(value);
            } else {
                writeParameter(command, value);
            }
            pullKeyboard();
            reset = command == CMD_WRITE_OUTPUT_PORT && (value & OUT_RESET) == 0;
        }
        if (reset) {
            onReset.run();
        }
    }

    private void writeCommand(int command) {
        synchronized (lock) {
            lastWriteWasCommand = true;
            pendingCommand = NONE;
            execute(command);
            pullKeyboard();
        }
        boolean pulsesReset = command >= CMD_PULSE && (command & OUT_RESET) == 0;
        if (pulsesReset) {
            onReset.run();
        }
    }

    private void execute(int command) {
        switch (command) {
            case CMD_PASSWORD_TEST -> reply(I8042Registers.RET_NO_PASSWORD);
            case CMD_AUX_DISABLE -> ram[0] |= CTR_AUXDIS;
            case CMD_AUX_ENABLE -> ram[0] &= ~CTR_AUXDIS;
            case CMD_AUX_TEST -> reply(I8042Registers.RET_AUX_ABSENT);
            case CMD_CTL_TEST -> {
                ram[0] |= CTR_SYSTEM;
                reply(I8042Registers.RET_CTL_TEST);
            }
            case CMD_KBD_TEST -> reply(I8042Registers.RET_KBD_TEST);
            case CMD_KBD_DISABLE -> ram[0] |= CTR_KBDDIS;
            case CMD_KBD_ENABLE -> ram[0] &= ~CTR_KBDDIS;
            case CMD_READ_INPUT_PORT -> reply(I8042Registers.INPUT_PORT);
            case CMD_READ_OUTPUT_PORT -> reply(outputPort | (isOutputFull() ? OUT_KBD_OBF : 0));
            case CMD_WRITE_OUTPUT_PORT, CMD_KBD_LOOP, CMD_AUX_LOOP, CMD_AUX_SEND -> pendingCommand = command;
            case CMD_A20_OFF -> outputPort &= ~OUT_A20;
            case CMD_A20_ON -> outputPort |= OUT_A20;
            case CMD_READ_TEST_INPUTS -> reply(0);
            default -> executeRamCommand(command);
        }
    }

    private static boolean hasParameter(int command) {
        return switch (command) {
            case CMD_WRITE_OUTPUT_PORT, CMD_KBD_LOOP, CMD_AUX_LOOP, CMD_AUX_SEND -> true;
            default -> (command & ~(RAM_SIZE - 1)) == CMD_WRITE_RAM;
        };
    }

    private void executeRamCommand(int command) {
        int group = command & ~(RAM_SIZE - 1);
        if (group == CMD_READ_RAM) {
            reply(ram[command - CMD_READ_RAM]);
        } else if (group == CMD_WRITE_RAM) {
            pendingCommand = command;
        }
    }

    private void writeParameter(int command, int value) {
        switch (command) {
            case CMD_WRITE_OUTPUT_PORT -> outputPort = value & ~OUT_KBD_OBF | OUT_RESET;
            case CMD_KBD_LOOP, CMD_AUX_LOOP -> reply(value);
            case CMD_AUX_SEND -> {
                // No device there, and the driver that asked does not wait for an answer that cannot come.
            }
            default -> writeRam(command - CMD_WRITE_RAM, value);
        }
    }

    private void writeRam(int index, int value) {
        boolean interruptWasOff = (ram[0] & CTR_KBDINT) == 0;
        ram[index] = value;
        if (interruptWasOff && isOutputFull()) {
            raise();
        }
    }

    private void reply(int value) {
        reply = value;
        raise();
    }

    /** Brings the keyboard's next byte to the data port when that is free and the interface is on. */
    private void pullKeyboard() {
        while (keyboardByte == NONE && (ram[0] & CTR_KBDDIS) == 0 && !keyboard.isEmpty()) {
            keyboardByte = translated(keyboard.poll());
            if (keyboardByte != NONE) {
                raise();
            }
        }
    }

    private int translated(int octet) {
        if ((ram[0] & CTR_XLATE) == 0) {
            releasePrefixSeen = false;
            return octet;
        }
        if (octet == ScanCodes.RELEASE) {
            releasePrefixSeen = true;
            return NONE;
        }
        boolean released = releasePrefixSeen;
        releasePrefixSeen = false;
        return ScanCodes.translate(octet, released);
    }

    private boolean isOutputFull() {
        return reply != NONE || keyboardByte != NONE;
    }

    private void raise() {
        if ((ram[0] & CTR_KBDINT) != 0) {
            keyboardLine.trigger();
        }
    }

    private final class DataPort implements OctetDevice {

        @Override
        public int readOctet(long offset) {
            return offset == 0 ? readData() : 0xff;
        }

        @Override
        public void writeOctet(long offset, int value) {
            if (offset == 0) {
                writeData(value & 0xff);
            }
        }
    }

    private final class CommandPort implements OctetDevice {

        @Override
        public int readOctet(long offset) {
            return offset == 0 ? readStatus() : 0xff;
        }

        @Override
        public void writeOctet(long offset, int value) {
            if (offset == 0) {
                writeCommand(value & 0xff);
            }
        }
    }
}
