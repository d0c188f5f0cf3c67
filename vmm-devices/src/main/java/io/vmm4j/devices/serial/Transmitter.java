package io.vmm4j.devices.serial;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;

/**
 * The sending half of the UART: octets go straight to the sink while it has room, and wait in the FIFO when it has not,
 * so that a driver which fills the FIFO on one "empty" loses nothing. Guarded by the UART's lock.
 */
final class Transmitter implements Stateful {

    private final SerialSink sink;
    private final CharacterQueue fifo = new CharacterQueue(Serial16550.FIFO_SIZE);
    private boolean fifoEnabled;
    private long dropped;

    Transmitter(SerialSink sink) {
        this.sink = sink;
    }

    @Override
    public State saveState() {
        return State.builder().put("fifo", fifo.toBytes()).put("fifoEnabled", fifoEnabled).build();
    }

    @Override
    public void restoreState(State state) throws StateException {
        fifoEnabled = state.flag("fifoEnabled");
        fifo.restore(state, "fifo", fifoEnabled ? fifo.capacity() : 1);
    }

    /** Sends one octet, or counts it as dropped when neither the sink nor the FIFO has room. */
    void write(int octet) {
        pump();
        if (fifo.isEmpty() && sink.hasRoom()) {
            sink.write(octet);
        } else if (fifo.size() < (fifoEnabled ? fifo.capacity() : 1)) {
            fifo.add(octet, 0);
        } else {
            dropped++;
        }
    }

    /** Moves waiting octets to the sink as far as that has room. */
    void pump() {
        while (!fifo.isEmpty() && sink.hasRoom()) {
            sink.write(fifo.poll());
        }
    }

    /** True when nothing waits and the sink has room. */
    boolean isReady() {
        return fifo.isEmpty() && sink.hasRoom();
    }

    /** Turning the FIFO on or off empties it. */
    void setFifoEnabled(boolean enabled) {
        if (enabled != fifoEnabled) {
            fifoEnabled = enabled;
            clear();
        }
    }

    /** Drops what waits, and counts it. */
    void clear() {
        dropped += fifo.size();
        fifo.clear();
    }

    long dropped() {
        return dropped;
    }
}
