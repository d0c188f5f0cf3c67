package io.vmm4j.devices.serial;

import static io.vmm4j.devices.serial.SerialRegisters.UART_IER_MSI;
import static io.vmm4j.devices.serial.SerialRegisters.UART_IER_RDI;
import static io.vmm4j.devices.serial.SerialRegisters.UART_IER_RLSI;
import static io.vmm4j.devices.serial.SerialRegisters.UART_IER_THRI;

import io.vmm4j.devices.irq.InterruptLine;

/** INTR: which of the pending causes IIR names, and when there is an edge. Guarded by the UART's lock. */
final class InterruptPin {

    /** The cause bit beside those of IER: a timeout counts as a cause of its own for edges, and is enabled by RDI. */
    static final int CAUSE_TIMEOUT = 0x10;

    private final InterruptLine line;
    /** Causes whose edge has been raised and which have been pending since. */
    private int raisedCauses;
    private InterruptId raisedId = InterruptId.NONE;

    InterruptPin(InterruptLine line) {
        this.line = line;
    }

    /** What IIR says while {@code causes} are pending. */
    static InterruptId idOf(int causes) {
        if ((causes & UART_IER_RLSI) != 0) {
            return InterruptId.LINE_STATUS;
        }
        if ((causes & UART_IER_RDI) != 0) {
            return InterruptId.RECEIVED_DATA;
        }
        if ((causes & CAUSE_TIMEOUT) != 0) {
            return InterruptId.CHARACTER_TIMEOUT;
        }
        if ((causes & UART_IER_THRI) != 0) {
            return InterruptId.THR_EMPTY;
        }
        return (causes & UART_IER_MSI) != 0 ? InterruptId.MODEM_STATUS : InterruptId.NONE;
    }

    /** {@code causes} are pending: a new one is an edge, and so is another that IIR names. */
    void update(int causes) {
        InterruptId id = idOf(causes);
        boolean newCause = (causes & ~raisedCauses) != 0;
        boolean otherId = id != raisedId && id != InterruptId.NONE;
        restore(causes);
        if (newCause || otherId) {
            line.trigger();
        }
    }

    /** {@code cause} is an edge once more if it goes on. */
    void forget(int cause) {
        raisedCauses &= ~cause;
    }

    /** {@code causes} have been pending and raised before. */
    void restore(int causes) {
        raisedCauses = causes;
        raisedId = idOf(causes);
    }
}
