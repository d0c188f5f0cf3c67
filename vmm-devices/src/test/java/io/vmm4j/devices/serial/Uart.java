package io.vmm4j.devices.serial;

import io.vmm4j.devices.testing.RecordingLine;
import io.vmm4j.devices.testing.RecordingSink;
import java.nio.charset.StandardCharsets;

/** A UART with its surroundings, and the guest's view of it: register numbers are literals on purpose. */
final class Uart {

    static final int RBR = 0;
    static final int THR = 0;
    static final int DLL = 0;
    static final int IER = 1;
    static final int DLM = 1;
    static final int IIR = 2;
    static final int FCR = 2;
    static final int LCR = 3;
    static final int MCR = 4;
    static final int LSR = 5;
    static final int MSR = 6;
    static final int SCR = 7;

    /** Nothing pending: FIFO off and on. */
    static final int NO_INT = 0x01;
    static final int NO_INT_FIFO = 0xc1;

    final RecordingLine line = new RecordingLine();
    final RecordingSink sink = new RecordingSink();
    final Serial16550 device;
    private int roomCalls;

    Uart() {
        this(InputGate.ALWAYS, 4096);
    }

    Uart(InputGate gate, int inputCapacity) {
        device = new Serial16550(line, sink, () -> roomCalls++, gate, inputCapacity);
    }

    int in(int register) {
        return (int) device.read(register, 1);
    }

    void out(int register, int value) {
        device.write(register, 1, value);
    }

    /** DTR, RTS and OUT2: what a driver sets when it opens the port. */
    void open() {
        out(MCR, 0x0b);
    }

    int receive(String text) {
        byte[] data = text.getBytes(StandardCharsets.ISO_8859_1);
        return device.receive(data, 0, data.length);
    }

    /** Reads RBR as long as LSR says that data waits. */
    String readAll() {
        StringBuilder text = new StringBuilder();
        while ((in(LSR) & 0x01) != 0) {
            text.append((char) in(RBR));
        }
        return text.toString();
    }

    int roomCalls() {
        return roomCalls;
    }
}
