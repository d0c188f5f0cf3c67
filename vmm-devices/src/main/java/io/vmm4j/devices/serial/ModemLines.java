package io.vmm4j.devices.serial;

import static io.vmm4j.devices.serial.SerialRegisters.UART_MCR_DTR;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MCR_LOOP;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MCR_MASK;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MCR_OUT1;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MCR_OUT2;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MCR_RTS;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MSR_CTS;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MSR_DCD;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MSR_DCTS;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MSR_DDCD;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MSR_DDSR;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MSR_DSR;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MSR_RI;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MSR_TERI;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;

/**
 * MCR and MSR. The peer on the line always asserts CTS, DSR and DCD and never rings; in loopback the four inputs are the
 * four outputs. Guarded by the UART's lock.
 */
final class ModemLines implements Stateful {

    private static final int DELTAS = UART_MSR_DCTS | UART_MSR_DDSR | UART_MSR_TERI | UART_MSR_DDCD;
    private static final int PEER = UART_MSR_CTS | UART_MSR_DSR | UART_MSR_DCD;

    private int control;
    private int inputs = PEER;
    private int deltas;

    @Override
    public State saveState() {
        return State.builder().put("control", control).put("deltas", deltas).build();
    }

    @Override
    public void restoreState(State state) throws StateException {
        control = state.int32("control", 0, UART_MCR_MASK) & UART_MCR_MASK;
        deltas = state.int32("deltas", 0, DELTAS) & DELTAS;
        inputs = isLoopback() ? loopedInputs() : PEER;
    }

    int control() {
        return control;
    }

    void setControl(int value) {
        control = value & UART_MCR_MASK;
        int before = inputs;
        inputs = isLoopback() ? loopedInputs() : PEER;
        int changed = before ^ inputs;
        deltas |= (changed & UART_MSR_CTS) != 0 ? UART_MSR_DCTS : 0;
        deltas |= (changed & UART_MSR_DSR) != 0 ? UART_MSR_DDSR : 0;
        deltas |= (changed & UART_MSR_DCD) != 0 ? UART_MSR_DDCD : 0;
        // The ring indicator counts only when it ends.
        deltas |= (before & ~inputs & UART_MSR_RI) != 0 ? UART_MSR_TERI : 0;
    }

    /** Reads MSR, which clears the delta bits. */
    int takeStatus() {
        int status = inputs | deltas;
        deltas = 0;
        return status;
    }

    boolean hasDeltas() {
        return deltas != 0;
    }

    boolean isLoopback() {
        return (control & UART_MCR_LOOP) != 0;
    }

    /** RTS as the peer sees it: loopback forces the outputs off. */
    boolean isRequestToSend() {
        return !isLoopback() && (control & UART_MCR_RTS) != 0;
    }

    private int loopedInputs() {
        return ((control & UART_MCR_RTS) != 0 ? UART_MSR_CTS : 0)
            | ((control & UART_MCR_DTR) != 0 ? UART_MSR_DSR : 0)
            | ((control & UART_MCR_OUT1) != 0 ? UART_MSR_RI : 0)
            | ((control & UART_MCR_OUT2) != 0 ? UART_MSR_DCD : 0);
    }
}
