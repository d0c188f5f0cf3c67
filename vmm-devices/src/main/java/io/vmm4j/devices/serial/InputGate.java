package io.vmm4j.devices.serial;

/** When the host's input may pass from the waiting queue into the receiver. */
public enum InputGate {
    /** At any time. Characters that arrive before the guest's driver is up are lost when it clears the receiver. */
    ALWAYS,
    /**
     * Only while the guest asserts RTS, as a peer with hardware flow control would. Drivers raise RTS once they are
     * ready to receive, so what the user types, or pipes in, before that waits for them.
     */
    REQUEST_TO_SEND,
    /**
     * As {@link #ALWAYS} for a guest that never writes MCR, as the simplest do; as {@link #REQUEST_TO_SEND} from its
     * first write on, when what the receiver holds goes back to the front of the queue.
     */
    AUTOMATIC
}
