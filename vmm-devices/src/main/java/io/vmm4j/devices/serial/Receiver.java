package io.vmm4j.devices.serial;

import static io.vmm4j.devices.serial.SerialRegisters.UART_FCR_TRIGGER_MASK;
import static io.vmm4j.devices.serial.SerialRegisters.UART_LSR_BI;
import static io.vmm4j.devices.serial.SerialRegisters.UART_LSR_CHARACTER_ERRORS;
import static io.vmm4j.devices.serial.SerialRegisters.UART_LSR_DR;
import static io.vmm4j.devices.serial.SerialRegisters.UART_LSR_ERRORS;
import static io.vmm4j.devices.serial.SerialRegisters.UART_LSR_FIFOE;
import static io.vmm4j.devices.serial.SerialRegisters.UART_LSR_OE;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;

/**
 * The receiving half of the UART: the queue of host input, the FIFO it feeds as the guest makes room, and the errors of
 * LSR. Guarded by the UART's lock.
 */
final class Receiver implements Stateful {

    private final CharacterQueue hostInput;
    private final CharacterQueue fifo = new CharacterQueue(Serial16550.FIFO_SIZE);
    private boolean fifoEnabled;
    private int triggerLevel = 1;
    /** Error bits of LSR, latched until it is read. */
    private int latchedErrors;

    /** @param inputCapacity characters of host input that may wait */
    Receiver(int inputCapacity) {
        // Beyond the capacity there is room for what may have to be put back.
        this.hostInput = new CharacterQueue(inputCapacity + Serial16550.FIFO_SIZE);
    }

    @Override
    public State saveState() {
        return State.builder().put("hostInput", hostInput.toBytes()).put("fifo", fifo.toBytes()).put("fifoEnabled", fifoEnabled)
                .put("triggerLevel", triggerLevel).put("latchedErrors", latchedErrors).build();
    }

    @Override
    public void restoreState(State state) throws StateException {
        fifoEnabled = state.flag("fifoEnabled");
        triggerLevel = state.int32("triggerLevel", 1, fifo.capacity());
        latchedErrors = state.int32("latchedErrors", 0, UART_LSR_ERRORS) & UART_LSR_ERRORS;
        hostInput.restore(state, "hostInput", hostInput.capacity());
        fifo.restore(state, "fifo", depth());
    }

    /** Takes what fits of the host's input; returns how many octets that was. */
    int offer(byte[] data, int offset, int length) {
        int taken = Math.min(length, inputRoom());
        for (int i = 0; i < taken; i++) {
            hostInput.add(data[offset + i] & 0xff, 0);
        }
        return taken;
    }

    /** Takes a break, in its place behind the input that waits; false when there is no room. */
    boolean offerBreak() {
        if (inputRoom() == 0) {
            return false;
        }
        hostInput.add(0, UART_LSR_BI);
        return true;
    }

    int inputRoom() {
        return Math.max(0, hostInput.room() - Serial16550.FIFO_SIZE);
    }

    int inputCapacity() {
        return hostInput.capacity() - Serial16550.FIFO_SIZE;
    }

    /** Takes back what the guest has not read, for later. */
    void putBack() {
        hostInput.putBackAll(fifo);
    }

    /** Moves host input into the FIFO as far as that has room. */
    void feed() {
        boolean wasEmpty = fifo.isEmpty();
        while (!hostInput.isEmpty() && fifo.size() < depth()) {
            fifo.takeFrom(hostInput);
        }
        if (wasEmpty) {
            latchHeadErrors();
        }
    }

    /** Receives one character from the guest's own transmitter, in loopback: nobody waits for room, so it can overrun. */
    void receiveLooped(int octet) {
        if (fifo.size() < depth()) {
            fifo.add(octet, 0);
            return;
        }
        latchedErrors |= UART_LSR_OE;
        if (!fifoEnabled) {
            // Without FIFO the new character takes the place of the unread one; a full FIFO keeps what it has.
            fifo.clear();
            fifo.add(octet, 0);
        }
    }

    /** Reads RBR: the oldest character, or 0 when none waits. */
    int read() {
        if (fifo.isEmpty()) {
            return 0;
        }
        int octet = fifo.poll();
        latchHeadErrors();
        return octet;
    }

    /** The receiver's bits of LSR; reading them clears the errors. */
    int takeLineStatus() {
        boolean errorInFifo = fifoEnabled && ((latchedErrors & UART_LSR_CHARACTER_ERRORS) != 0 || fifo.hasErrors());
        int status = latchedErrors | (hasData() ? UART_LSR_DR : 0) | (errorInFifo ? UART_LSR_FIFOE : 0);
        latchedErrors = 0;
        return status;
    }

    boolean hasData() {
        return !fifo.isEmpty();
    }

    /** True when received data raises the "data available" interrupt rather than the timeout. */
    boolean isAtTrigger() {
        return fifo.size() >= (fifoEnabled ? triggerLevel : 1);
    }

    boolean hasErrors() {
        return (latchedErrors & UART_LSR_ERRORS) != 0;
    }

    /** Turning the FIFO on or off empties it. */
    void setFifoEnabled(boolean enabled) {
        if (enabled != fifoEnabled) {
            fifoEnabled = enabled;
            clear();
        }
    }

    /** Takes the trigger level from what is written to FCR: 1, 4, 8 or 14 characters. */
    void selectTrigger(int fifoControl) {
        triggerLevel = switch (fifoControl & UART_FCR_TRIGGER_MASK) {
            case 0x00 -> 1;
            case 0x40 -> 4;
            case 0x80 -> 8;
            default -> 14;
        };
    }

    /** Drops what the FIFO holds, and the errors that came with it. */
    void clear() {
        fifo.clear();
        latchedErrors &= ~UART_LSR_CHARACTER_ERRORS;
    }

    private int depth() {
        return fifoEnabled ? fifo.capacity() : 1;
    }

    /** Errors show in LSR when their character has come to the top of the FIFO. */
    private void latchHeadErrors() {
        latchedErrors |= fifo.takeHeadErrors();
    }
}
