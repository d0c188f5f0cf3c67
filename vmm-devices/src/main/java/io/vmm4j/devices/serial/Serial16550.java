package io.vmm4j.devices.serial;

import static io.vmm4j.devices.serial.SerialRegisters.UART_FCR;
import static io.vmm4j.devices.serial.SerialRegisters.UART_FCR_CLEAR_RCVR;
import static io.vmm4j.devices.serial.SerialRegisters.UART_FCR_CLEAR_XMIT;
import static io.vmm4j.devices.serial.SerialRegisters.UART_FCR_ENABLE_FIFO;
import static io.vmm4j.devices.serial.SerialRegisters.UART_IER;
import static io.vmm4j.devices.serial.SerialRegisters.UART_IER_MASK;
import static io.vmm4j.devices.serial.SerialRegisters.UART_IER_MSI;
import static io.vmm4j.devices.serial.SerialRegisters.UART_IER_RDI;
import static io.vmm4j.devices.serial.SerialRegisters.UART_IER_RLSI;
import static io.vmm4j.devices.serial.SerialRegisters.UART_IER_THRI;
import static io.vmm4j.devices.serial.SerialRegisters.UART_IIR;
import static io.vmm4j.devices.serial.SerialRegisters.UART_IIR_FIFO_ENABLED;
import static io.vmm4j.devices.serial.SerialRegisters.UART_LCR;
import static io.vmm4j.devices.serial.SerialRegisters.UART_LCR_DLAB;
import static io.vmm4j.devices.serial.SerialRegisters.UART_LSR;
import static io.vmm4j.devices.serial.SerialRegisters.UART_LSR_TEMT;
import static io.vmm4j.devices.serial.SerialRegisters.UART_LSR_THRE;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MCR;
import static io.vmm4j.devices.serial.SerialRegisters.UART_MSR;
import static io.vmm4j.devices.serial.SerialRegisters.UART_RX;
import static io.vmm4j.devices.serial.SerialRegisters.UART_SCR;
import static io.vmm4j.devices.serial.SerialRegisters.UART_TX;

import io.vmm4j.devices.bus.OctetDevice;
import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import java.util.Objects;

/**
 * A 16550A UART. Datasheet: National Semiconductor PC16550D.
 *
 * <p>No baud timing is modelled, which decides these points:
 * <ul>
 * <li>Output leaves at once while the {@link SerialSink} has room. A sink without room holds THRE and TEMT back; up to a
 *     FIFO of octets then waits, and what the guest writes beyond it is counted by {@link #droppedOutput()}.
 * <li>The character timeout expires at once: data below the trigger level is an interrupt as soon as it is there.
 * <li>Host input waits in a bounded queue and enters the receiver as the guest makes room, so it cannot overrun. Only
 *     loopback can.
 * <li>Divisor and line format (LCR) are kept and have no effect; a break the guest sends has none either.
 * </ul>
 *
 * <p>The interrupt line is the chip's INTR pin, which works in loopback too. The gate behind it on a PC's board, driven by
 * OUT2 (MCR bit 3), is not modelled: no other virtual machine monitor has it, so drivers written for those may leave OUT2 off.
 * An edge comes whenever a cause arises anew and whenever IIR changes from one pending cause to another, so a driver that
 * serves one cause an interrupt misses none.
 *
 * <p>Registers are 8 bits wide; see {@link OctetDevice} for wider accesses. All methods may be called from any thread;
 * one lock guards all state. The interrupt line and the sink are called under it, the input listener is not.
 */
public final class Serial16550 implements OctetDevice, Stateful {

    /** Characters in each FIFO. */
    public static final int FIFO_SIZE = 16;
    /** Octets of host input that wait by default. */
    public static final int DEFAULT_INPUT_CAPACITY = 4096;

    /** 9600 baud from the PC's 1.8432 MHz clock. The datasheet leaves the latch undefined at reset. */
    private static final int INITIAL_DIVISOR = 12;

    private final Object lock = new Object();
    private final InterruptPin interrupt;
    private final Runnable onInputRoom;
    private final InputGate gate;
    private boolean modemControlWritten;
    private final Receiver receiver;
    private final Transmitter transmitter;
    private final ModemLines modem = new ModemLines();

    private int interruptEnable;
    private int lineControl;
    private int scratch;
    private int divisor = INITIAL_DIVISOR;
    private boolean fifoEnabled;
    private boolean thrEmptyPending;
    /** The host was refused input and waits to hear of room. */
    private boolean inputAwaited;

    /** A UART whose owner does not wait for room for input. */
    public Serial16550(InterruptLine line, SerialSink sink) {
        this(line, sink, () -> { });
    }

    /** A UART with the default queue, which takes input at any time. */
    public Serial16550(InterruptLine line, SerialSink sink, Runnable onInputRoom) {
        this(line, sink, onInputRoom, InputGate.ALWAYS, DEFAULT_INPUT_CAPACITY);
    }

    /**
     * @param line          the interrupt, called under the device's lock
     * @param sink          the guest's output, called under the device's lock
     * @param onInputRoom   called once after {@link #receive} took less than it was given, when half of the queue is
     *                      free; on the thread that made room (a vCPU), without the device's lock; must not block
     * @param gate          when input may pass to the guest
     * @param inputCapacity octets of input that may wait, 1 or more
     */
    public Serial16550(InterruptLine line, SerialSink sink, Runnable onInputRoom, InputGate gate, int inputCapacity) {
        if (inputCapacity < 1) {
            throw new IllegalArgumentException("serial input capacity " + inputCapacity + " is below 1");
        }
        this.interrupt = new InterruptPin(Objects.requireNonNull(line));
        this.onInputRoom = Objects.requireNonNull(onInputRoom);
        this.gate = Objects.requireNonNull(gate);
        this.receiver = new Receiver(inputCapacity);
        this.transmitter = new Transmitter(Objects.requireNonNull(sink));
    }

    /**
     * Gives the guest input.
     *
     * @return the octets taken, 0 to {@code length}; when fewer than {@code length}, the listener hears of room later
     */
    public int receive(byte[] data, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, data.length);
        synchronized (lock) {
            int taken = 0;
            int moved;
            do {
                // What goes on into the FIFO makes room again.
                moved = receiver.offer(data, offset + taken, length - taken);
                taken += moved;
                feedReceiver();
            } while (moved > 0);
            inputAwaited |= taken < length;
            updateInterrupt();
            return taken;
        }
    }

    /** Octets that {@link #receive} would take now; more may fit once the receiver has room. */
    public int inputRoom() {
        synchronized (lock) {
            return receiver.inputRoom();
        }
    }

    /** Sends the guest a break, behind the input that waits. False when the queue is full; the listener hears of room. */
    public boolean sendBreak() {
        synchronized (lock) {
            boolean taken = receiver.offerBreak();
            inputAwaited |= !taken;
            feedReceiver();
            updateInterrupt();
            return taken;
        }
    }

    /** Tells that the sink has room again; harmless when it has not. Not to be called with a lock the sink takes. */
    public void outputReady() {
        synchronized (lock) {
            transmitter.pump();
            if (isTransmitterReady()) {
                thrEmptyPending = true;
            }
            updateInterrupt();
        }
    }

    /** Octets the guest wrote that never reached the sink. */
    public long droppedOutput() {
        synchronized (lock) {
            return transmitter.dropped();
        }
    }

    @Override
    public int readOctet(long offset) {
        int value;
        boolean roomForInput;
        synchronized (lock) {
            value = offset < 0 || offset >= SerialRegisters.WINDOW_LENGTH ? 0xff : readRegister((int) offset);
            updateInterrupt();
            roomForInput = takeInputAwaited();
        }
        if (roomForInput) {
            onInputRoom.run();
        }
        return value;
    }

    @Override
    public void writeOctet(long offset, int value) {
        boolean roomForInput;
        synchronized (lock) {
            if (offset >= 0 && offset < SerialRegisters.WINDOW_LENGTH) {
                writeRegister((int) offset, value & 0xff);
                feedReceiver();
            }
            updateInterrupt();
            roomForInput = takeInputAwaited();
        }
        if (roomForInput) {
            onInputRoom.run();
        }
    }

    /** Input that waits and output that has found no room are part of it; how much was dropped is not, and neither is who waits for room. */
    @Override
    public State saveState() {
        synchronized (lock) {
            return State.builder().put("interruptEnable", interruptEnable).put("lineControl", lineControl).put("scratch", scratch)
                    .put("divisor", divisor).put("fifoEnabled", fifoEnabled).put("thrEmptyPending", thrEmptyPending)
                    .put("modemControlWritten", modemControlWritten).put("receiver", receiver.saveState())
                    .put("transmitter", transmitter.saveState()).put("modem", modem.saveState()).build();
        }
    }

    @Override
    public void restoreState(State state) throws StateException {
        synchronized (lock) {
            interruptEnable = state.int32("interruptEnable", 0, UART_IER_MASK);
            lineControl = state.int32("lineControl", 0, 0xff);
            scratch = state.int32("scratch", 0, 0xff);
            divisor = state.int32("divisor", 0, 0xffff);
            fifoEnabled = state.flag("fifoEnabled");
            thrEmptyPending = state.flag("thrEmptyPending");
            modemControlWritten = state.flag("modemControlWritten");
            receiver.restoreState(state.part("receiver"));
            transmitter.restoreState(state.part("transmitter"));
            modem.restoreState(state.part("modem"));
            interrupt.restore(pendingCauses());
        }
    }

    /** A guest that waits for room for its output hears of it: the sink is another one. */
    @Override
    public void afterRestore() {
        boolean roomForInput;
        synchronized (lock) {
            transmitter.pump();
            thrEmptyPending |= (interruptEnable & UART_IER_THRI) != 0 && isTransmitterReady();
            feedReceiver();
            interrupt.restore(0); // what is pending raises its edge again
            updateInterrupt();
            roomForInput = takeInputAwaited();
        }
        if (roomForInput) {
            onInputRoom.run();
        }
    }

    private int readRegister(int offset) {
        return switch (offset) {
            case UART_RX -> isDlab() ? divisor & 0xff : readReceiver();
            case UART_IER -> isDlab() ? divisor >> 8 : interruptEnable;
            case UART_IIR -> readInterruptId();
            case UART_LCR -> lineControl;
            case UART_MCR -> modem.control();
            case UART_LSR -> receiver.takeLineStatus() | (isTransmitterReady() ? UART_LSR_THRE | UART_LSR_TEMT : 0);
            case UART_MSR -> modem.takeStatus();
            case UART_SCR -> scratch;
            default -> 0xff;
        };
    }

    private void writeRegister(int offset, int value) {
        switch (offset) {
            case UART_TX -> {
                if (isDlab()) {
                    divisor = divisor & 0xff00 | value;
                } else {
                    transmit(value);
                }
            }
            case UART_IER -> {
                if (isDlab()) {
                    divisor = divisor & 0xff | value << 8;
                } else {
                    writeInterruptEnable(value);
                }
            }
            case UART_FCR -> writeFifoControl(value);
            case UART_LCR -> lineControl = value;
            case UART_MCR -> writeModemControl(value);
            case UART_SCR -> scratch = value;
            case UART_LSR, UART_MSR -> {
                // Read-only: the datasheet keeps writes to these for factory tests.
            }
            default -> throw new AssertionError("register " + offset);
        }
    }

    private int readReceiver() {
        int octet = receiver.read();
        // Reading restarts the character timeout; what is left below the trigger level must raise an edge of its own.
        interrupt.forget(InterruptPin.CAUSE_TIMEOUT);
        // Seen before the queue refills the receiver, so that a cause which ends here and comes back is a new edge.
        updateInterrupt();
        feedReceiver();
        return octet;
    }

    private int readInterruptId() {
        InterruptId id = InterruptPin.idOf(pendingCauses());
        if (id == InterruptId.THR_EMPTY) {
            thrEmptyPending = false;
        }
        return id.code() | (fifoEnabled ? UART_IIR_FIFO_ENABLED : 0);
    }

    private void transmit(int octet) {
        thrEmptyPending = false;
        updateInterrupt();
        if (modem.isLoopback()) {
            receiver.receiveLooped(octet);
        } else {
            transmitter.write(octet);
        }
        if (isTransmitterReady()) {
            thrEmptyPending = true;
        }
    }

    private void writeInterruptEnable(int value) {
        boolean enablesThrEmpty = (value & ~interruptEnable & UART_IER_THRI) != 0;
        interruptEnable = value & UART_IER_MASK;
        if (enablesThrEmpty) {
            // Linux's test for UARTs that fail to do this (UART_BUG_THRE) reads IIR right after enabling it twice.
            thrEmptyPending = isTransmitterReady();
        }
    }

    private void writeFifoControl(int value) {
        fifoEnabled = (value & UART_FCR_ENABLE_FIFO) != 0;
        boolean wasReady = isTransmitterReady();
        receiver.setFifoEnabled(fifoEnabled);
        transmitter.setFifoEnabled(fifoEnabled);
        if (fifoEnabled) {
            receiver.selectTrigger(value);
            if ((value & UART_FCR_CLEAR_RCVR) != 0) {
                receiver.clear();
            }
            if ((value & UART_FCR_CLEAR_XMIT) != 0) {
                transmitter.clear();
            }
        }
        thrEmptyPending |= !wasReady && isTransmitterReady();
        updateInterrupt();
    }

    private void writeModemControl(int value) {
        boolean wasReady = isTransmitterReady();
        modem.setControl(value);
        if (!modemControlWritten && gate == InputGate.AUTOMATIC) {
            receiver.putBack();
        }
        modemControlWritten = true;
        // Loopback takes octets even while the sink has no room.
        thrEmptyPending |= !wasReady && isTransmitterReady();
        thrEmptyPending &= isTransmitterReady();
    }

    /** In loopback the transmitter empties into the receiver, whatever the sink does. */
    private boolean isTransmitterReady() {
        return modem.isLoopback() || transmitter.isReady();
    }

    private boolean isDlab() {
        return (lineControl & UART_LCR_DLAB) != 0;
    }

    private void feedReceiver() {
        if (!modem.isLoopback() && isGateOpen()) {
            receiver.feed();
        }
    }

    private boolean isGateOpen() {
        return switch (gate) {
            case ALWAYS -> true;
            case REQUEST_TO_SEND -> modem.isRequestToSend();
            case AUTOMATIC -> !modemControlWritten || modem.isRequestToSend();
        };
    }

    private boolean takeInputAwaited() {
        boolean halfFree = receiver.inputRoom() * 2 >= receiver.inputCapacity();
        boolean tell = inputAwaited && halfFree;
        inputAwaited &= !tell;
        return tell;
    }

    /** The enabled causes, at their bits of IER; data below the trigger level is {@link InterruptPin#CAUSE_TIMEOUT}. */
    private int pendingCauses() {
        int data = receiver.isAtTrigger() ? UART_IER_RDI : InterruptPin.CAUSE_TIMEOUT;
        int enabled = interruptEnable | ((interruptEnable & UART_IER_RDI) != 0 ? InterruptPin.CAUSE_TIMEOUT : 0);
        int causes = (receiver.hasErrors() ? UART_IER_RLSI : 0)
            | (receiver.hasData() ? data : 0)
            | (thrEmptyPending ? UART_IER_THRI : 0)
            | (modem.hasDeltas() ? UART_IER_MSI : 0);
        return causes & enabled;
    }

    private void updateInterrupt() {
        interrupt.update(pendingCauses());
    }
}
