package io.vmm4j.devices.virtio.console;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.testing.ByteProgram;
import io.vmm4j.devices.testing.FuzzDriver;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.NanoClock;
import java.util.List;

/** A console with two ports under any driver, with input, stuck readers and hosts that come and go. */
final class VirtioConsoleFuzzTest {

    private static final ConsoleConfig CONFIG = new ConsoleConfig(80, 25, true,
        List.of(ConsolePortConfig.CONSOLE, new ConsolePortConfig("agent", false)));

    private final FuzzDriver<VirtioConsole> driver = new FuzzDriver<>(this::make, VirtioConsoleFuzzTest::request, this::host);
    private List<FakeConsole> consoles;

    @FuzzTest
    void console(byte[] program) {
        driver.run(program);
    }

    private VirtioConsole make(EventLoop loop, NanoClock clock) {
        consoles = List.of(new FakeConsole(), new FakeConsole());
        return new VirtioConsole(loop, CONFIG, List.copyOf(consoles));
    }

    /** A control message. */
    private static byte[] request(ByteProgram program) {
        return new byte[] {(byte) program.below(4), 0, 0, 0, (byte) program.below(9), 0, (byte) program.below(3), 0};
    }

    private void host(VirtioConsole device, ByteProgram program) {
        FakeConsole console = consoles.get(program.below(2));
        switch (program.below(7)) {
            case 0, 1 -> console.type("x".repeat(program.u8()));
            case 2 -> console.setRoom(program.u8());
            case 3 -> console.setRoom(Long.MAX_VALUE);
            case 4 -> console.connect(program.flag());
            case 5 -> device.setSize(program.u16(), program.u16());
            default -> console.notifyForNothing();
        }
    }
}
