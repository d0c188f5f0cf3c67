package io.vmm4j.devices.serial;

/**
 * Register offsets and bits of the 16550A, in the spelling of Linux's serial_reg.h. Datasheet: National Semiconductor
 * PC16550D, section 8.
 */
public final class SerialRegisters {

    /** Registers in the window, bytes. */
    public static final int WINDOW_LENGTH = 8;

    /** RO, DLAB = 0. Receiver buffer. */
    public static final int UART_RX = 0;
    /** WO, DLAB = 0. Transmitter holding register. */
    public static final int UART_TX = 0;
    /** RW, DLAB = 1. Divisor latch, low byte. */
    public static final int UART_DLL = 0;
    /** RW, DLAB = 0. Interrupt enable. */
    public static final int UART_IER = 1;
    /** RW, DLAB = 1. Divisor latch, high byte. */
    public static final int UART_DLM = 1;
    /** RO. Interrupt identification, see {@link InterruptId}. */
    public static final int UART_IIR = 2;
    /** WO. FIFO control. */
    public static final int UART_FCR = 2;
    /** RW. Line control. */
    public static final int UART_LCR = 3;
    /** RW. Modem control. */
    public static final int UART_MCR = 4;
    /** RO. Line status. */
    public static final int UART_LSR = 5;
    /** RO. Modem status. */
    public static final int UART_MSR = 6;
    /** RW. Scratch. */
    public static final int UART_SCR = 7;

    /** IER: received data available, and character timeout. */
    public static final int UART_IER_RDI = 0x01;
    /** IER: transmitter holding register empty. */
    public static final int UART_IER_THRI = 0x02;
    /** IER: receiver line status. */
    public static final int UART_IER_RLSI = 0x04;
    /** IER: modem status. */
    public static final int UART_IER_MSI = 0x08;
    /** IER: the bits that exist; the others read as 0. */
    public static final int UART_IER_MASK = 0x0f;

    /** IIR: FIFOs are on. */
    public static final int UART_IIR_FIFO_ENABLED = 0xc0;

    /** FCR: FIFOs on; the other bits count only together with this one. */
    public static final int UART_FCR_ENABLE_FIFO = 0x01;
    /** FCR: clears the receiver FIFO; clears itself. */
    public static final int UART_FCR_CLEAR_RCVR = 0x02;
    /** FCR: clears the transmitter FIFO; clears itself. */
    public static final int UART_FCR_CLEAR_XMIT = 0x04;
    /** FCR: receiver trigger level, a coded field: 1, 4, 8 or 14 characters. */
    public static final int UART_FCR_TRIGGER_MASK = 0xc0;

    /** LCR: break on the output line. */
    public static final int UART_LCR_SBC = 0x40;
    /** LCR: divisor latch access. */
    public static final int UART_LCR_DLAB = 0x80;

    /** MCR: data terminal ready. */
    public static final int UART_MCR_DTR = 0x01;
    /** MCR: request to send. */
    public static final int UART_MCR_RTS = 0x02;
    /** MCR: output 1. */
    public static final int UART_MCR_OUT1 = 0x04;
    /** MCR: output 2; without effect here on the interrupt, which it gates on a PC's board. */
    public static final int UART_MCR_OUT2 = 0x08;
    /** MCR: loopback. */
    public static final int UART_MCR_LOOP = 0x10;
    /** MCR: the bits that exist; the others read as 0. */
    public static final int UART_MCR_MASK = 0x1f;

    /** LSR: received data waits. */
    public static final int UART_LSR_DR = 0x01;
    /** LSR: overrun. */
    public static final int UART_LSR_OE = 0x02;
    /** LSR: parity error. */
    public static final int UART_LSR_PE = 0x04;
    /** LSR: framing error. */
    public static final int UART_LSR_FE = 0x08;
    /** LSR: break. */
    public static final int UART_LSR_BI = 0x10;
    /** LSR: transmitter holding register (or FIFO) empty. */
    public static final int UART_LSR_THRE = 0x20;
    /** LSR: transmitter wholly empty. */
    public static final int UART_LSR_TEMT = 0x40;
    /** LSR: an error somewhere in the receiver FIFO. */
    public static final int UART_LSR_FIFOE = 0x80;
    /** LSR: the errors that belong to a character and travel with it. */
    public static final int UART_LSR_CHARACTER_ERRORS = UART_LSR_PE | UART_LSR_FE | UART_LSR_BI;
    /** LSR: the bits that raise the line status interrupt and that reading LSR clears. */
    public static final int UART_LSR_ERRORS = UART_LSR_OE | UART_LSR_CHARACTER_ERRORS;

    /** MSR: CTS changed. */
    public static final int UART_MSR_DCTS = 0x01;
    /** MSR: DSR changed. */
    public static final int UART_MSR_DDSR = 0x02;
    /** MSR: RI went from on to off. */
    public static final int UART_MSR_TERI = 0x04;
    /** MSR: DCD changed. */
    public static final int UART_MSR_DDCD = 0x08;
    /** MSR: clear to send. */
    public static final int UART_MSR_CTS = 0x10;
    /** MSR: data set ready. */
    public static final int UART_MSR_DSR = 0x20;
    /** MSR: ring indicator. */
    public static final int UART_MSR_RI = 0x40;
    /** MSR: data carrier detect. */
    public static final int UART_MSR_DCD = 0x80;

    private SerialRegisters() {
    }
}
