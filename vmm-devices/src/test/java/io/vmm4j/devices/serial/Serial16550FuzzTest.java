package io.vmm4j.devices.serial;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.testing.ByteProgram;
import io.vmm4j.devices.testing.FuzzRegisters;

/** The UART under any sequence of register accesses, input, breaks and back-pressure. */
final class Serial16550FuzzTest {

    private static final int CAPACITY = 64;
    private static final int WINDOW = 10;

    private final byte[] input = new byte[256];

    @FuzzTest
    void serial(byte[] bytes) {
        ByteProgram program = new ByteProgram(bytes);
        Uart uart = new Uart(program.flag() ? InputGate.ALWAYS : InputGate.values()[InputGate.values().length - 1], CAPACITY);
        FuzzRegisters.run(program, uart.device, WINDOW, choice -> host(uart, choice), () -> check(uart));
    }

    private void host(Uart uart, ByteProgram program) {
        switch (program.below(5)) {
            case 0, 1 -> {
                int length = program.u8();
                int room = uart.device.inputRoom();
                int taken = uart.device.receive(input, 0, length);
                if (taken < Math.min(length, room) || taken > length) {
                    throw new AssertionError(taken + " of " + length + " bytes were taken, there was room for " + room);
                }
            }
            case 2 -> uart.device.sendBreak();
            case 3 -> uart.sink.setRoom(program.below(40));
            default -> uart.device.outputReady();
        }
    }

    private static void check(Uart uart) {
        int room = uart.device.inputRoom();
        if (room < 0 || room > CAPACITY) {
            throw new AssertionError("room for " + room + " bytes of input");
        }
    }
}
