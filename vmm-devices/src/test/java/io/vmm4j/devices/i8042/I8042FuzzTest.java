package io.vmm4j.devices.i8042;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.testing.ByteProgram;
import io.vmm4j.devices.testing.FuzzRegisters;

/** The keyboard controller under any sequence of accesses to its two ports, with Ctrl-Alt-Del in between. */
final class I8042FuzzTest {

    /** More bytes than this in a row, read without a write in between, and the output buffer never becomes empty. */
    private static final int MOST_OUTPUT = 256;

    @FuzzTest
    void i8042(byte[] bytes) {
        Controller controller = new Controller();
        FuzzRegisters.run(new ByteProgram(bytes), new BothPorts(controller), 8, program -> controller.device.sendCtrlAltDel(), () -> { });
        for (int i = 0; controller.isFull(); i++) {
            if (i > MOST_OUTPUT) {
                throw new AssertionError("the controller always has one more byte");
            }
            controller.data();
        }
    }

    /** The data port at 0 and the command port at 4, each with the bytes behind it. */
    private record BothPorts(Controller controller) implements BusDevice {

        @Override
        public long read(long offset, int width) {
            return port(offset).read(offset & 3, width);
        }

        @Override
        public void write(long offset, int width, long value) {
            port(offset).write(offset & 3, width, value);
        }

        private BusDevice port(long offset) {
            return offset < 4 ? controller.device.dataPort() : controller.device.commandPort();
        }
    }
}
