package io.vmm4j.devices.serial;

/** The interrupt identification field of IIR, bits 3 to 0: a code, not a set of bits. PC16550D, table IV. */
public enum InterruptId {
    /** An overrun, a parity or framing error, or a break; cleared by reading LSR. */
    LINE_STATUS(0x06, 1),
    /** Received data reached the trigger level (FIFO on) or waits (FIFO off); cleared by reading RBR. */
    RECEIVED_DATA(0x04, 2),
    /** Fewer characters than the trigger level wait in the FIFO and no more come; cleared by reading RBR. */
    CHARACTER_TIMEOUT(0x0c, 2),
    /** The transmitter holding register is empty; cleared by reading this code in IIR, or by writing THR. */
    THR_EMPTY(0x02, 3),
    /** A modem line changed; cleared by reading MSR. */
    MODEM_STATUS(0x00, 4),
    /** No interrupt is pending. */
    NONE(0x01, 5);

    private final int code;
    private final int priority;

    InterruptId(int code, int priority) {
        this.code = code;
        this.priority = priority;
    }

    /** Bits 3 to 0 of IIR. */
    public int code() {
        return code;
    }

    /** 1 is served first, 4 last; 5 stands for none pending. */
    public int priority() {
        return priority;
    }
}
