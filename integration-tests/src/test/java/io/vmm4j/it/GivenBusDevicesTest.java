package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.bus.BusRange;
import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.devices.time.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Devices of an embedder's on the buses: they get what is theirs, at every width, and what they do wrong is told by their names. */
@Tag("kvm")
@Timeout(120)
class GivenBusDevicesTest extends GivenParts {

    private static final int PORT = 0x700;
    private static final long WINDOW = 0xC010_0000L;

    private final CapturedConsole console = CapturedConsole.create();

    /** Notes each access; reads as {@code 0x8877665544332211}. */
    private static class Noting implements BusDevice, AutoCloseable {
        final List<String> accesses = new CopyOnWriteArrayList<>();

        @Override
        public long read(long offset, int width) {
            accesses.add("read " + offset + "/" + width);
            return 0x8877_6655_4433_2211L;
        }

        @Override
        public void write(long offset, int width, long value) {
            accesses.add("write " + offset + "/" + width + " " + Long.toHexString(value));
        }

        @Override
        public void close() {
            accesses.add("close");
        }
    }

    private VmBuilder machine() throws Exception {
        return machine(new TinyKernel().reset()).serial(console);
    }

    private static void assertRefused(VmBuilder machine, String... problems) {
        ConfigException refusal = assertThrows(ConfigException.class, machine::build);
        assertEquals(List.of(problems), refusal.problems().stream().map(problem -> problem.key() + ": " + problem.message()).toList());
    }

    private void assertPortsRefused(int first, int length, String why) throws Exception {
        assertRefused(machine().portDevice("bell", new BusRange(first, length), new Noting()), "devices.bell: device bell: " + why);
    }

    private void assertAddressesRefused(long first, long length, String why) throws Exception {
        assertRefused(machine().mmioDevice("bell", new BusRange(first, length), new Noting()), "devices.bell: device bell: " + why);
    }

    @Test
    void portsOfAnotherDeviceAreRefusedByBothNames() throws Exception {
        assertPortsRefused(0x3f0, 9, "0x3f0..0x3f8 overlaps COM1 at 0x3f8..0x3ff");
        assertPortsRefused(0x3ff, 1, "0x3ff..0x3ff overlaps COM1 at 0x3f8..0x3ff");
        assertPortsRefused(0x2ff, 2, "0x2ff..0x300 overlaps COM2 at 0x2f8..0x2ff");
        assertPortsRefused(0x64, 1, "0x64..0x64 overlaps i8042 command at 0x64..0x64");
        assertPortsRefused(0x505, 1, "0x505..0x505 overlaps pvpanic at 0x505..0x505");
        // What KVM serves itself would never come to the device.
        assertPortsRefused(0x43, 1, "0x43..0x43 overlaps the interval timer at 0x40..0x43");
        assertPortsRefused(0xa1, 1, "0xa1..0xa1 overlaps the interrupt controller at 0xa0..0xa1");
        assertPortsRefused(0xFFFF, 2, "0xffff..0x10000 is not within the ports 0x0..0xffff");
        assertRefused(machine().portDevice("a", new BusRange(PORT, 4), new Noting()).portDevice("b", new BusRange(PORT + 3, 1), new Noting()),
                "devices.b: device b: 0x703..0x703 overlaps device a at 0x700..0x703");
    }

    @Test
    void addressesOfAnotherDeviceAndOfRamAreRefusedByBothNames() throws Exception {
        assertAddressesRefused(0xC000_0FFFL, 1, "0xc0000fff..0xc0000fff overlaps the boot timer at 0xc0000000..0xc0000fff");
        assertAddressesRefused(0xFEC0_0000L, 1, "0xfec00000..0xfec00000 overlaps the I/O APIC at 0xfec00000..0xfec00fff");
        assertAddressesRefused(0xFEE0_0FFCL, 8, "0xfee00ffc..0xfee01003 overlaps the local APICs at 0xfee00000..0xfee00fff");
        assertAddressesRefused(0xFFFB_C000L, 1, "0xfffbc000..0xfffbc000 overlaps pages of KVM's own at 0xfffbc000..0xfffbffff");
        assertAddressesRefused((128 << 20) - 1, 1, "0x7ffffff..0x7ffffff overlaps RAM at 0x0..0x7ffffff");
        assertAddressesRefused(1L << 52, 1, "0x10000000000000..0x10000000000000 is not within the addresses 0x0..0xfffffffffffff");
        assertAddressesRefused(-8, 8, "0xfffffffffffffff8..0xffffffffffffffff is not within the addresses 0x0..0xfffffffffffff");
        assertAddressesRefused(0xC001_0FFFL, 1,
                "0xc0010fff..0xc0010fff overlaps the windows of virtio devices at 0xc0001000..0xc0010fff");
        assertRefused(machine().mmioDevice("a", new BusRange(WINDOW, 4), new Noting()).mmioDevice("b", new BusRange(WINDOW, 1), new Noting()),
                "devices.b: device b: 0xc0100000..0xc0100000 overlaps device a at 0xc0100000..0xc0100003");
    }

    @Test
    void anInterruptOfAnothersIsRefusedAndAllIsToldTogether() throws Exception {
        BiFunction<InterruptLine, EventLoop, BusDevice> maker = (line, loop) -> new Noting();
        assertRefused(machine().portDevice("a", new BusRange(PORT, 1), 4, maker).portDevice("b", new BusRange(PORT + 1, 1), 24, maker)
                        .portDevice("c", new BusRange(PORT + 2, 1), 10, maker).mmioDevice("d", new BusRange(WINDOW, 1), 10, maker)
                        .mmioDevice("e", new BusRange(0, 1), -2, maker),
                "devices.a: device a: interrupt 4 is that of COM1", "devices.b: device b: interrupt 24 is not one of 0..23",
                "devices.d: device d: interrupt 10 is that of device c", "devices.e: device e: 0x0..0x0 overlaps RAM at 0x0..0x7ffffff",
                "devices.e: device e: interrupt -2 is not one of 0..23");
        ConfigException seen = assertThrows(ConfigException.class, machine().portDevice("a", new BusRange(PORT, 1), 4, maker)::check);
        assertTrue(seen.getMessage().contains("is that of COM1"), seen.getMessage());
    }

    @Test
    void whatIsNoDeviceIsRefusedByItsName() throws Exception {
        assertRefused(machine().portDevice("gone", new BusRange(PORT, 1), 10, (line, loop) -> null), "devices.gone: device gone: its maker gave null");
        for (Throwable thrown : throwables()) {
            VmBuilder machine = machine().portDevice("shaky", new BusRange(PORT, 1), 10, (line, loop) -> {
                throw GivenParts.<RuntimeException>sneak(thrown);
            });
            assertSame(thrown, assertThrows(ConfigException.class, machine::build).getCause());
        }
    }

    @Test
    void accessesOfEveryWidthArriveAndThoseAcrossTheEdgesDoNot() throws Exception {
        Noting ports = new Noting();
        Noting window = new Noting();
        TinyKernel kernel = new TinyKernel().mapFirstWindow();
        // Ports: 1, 2 and 4 bytes, then across either end.
        kernel.out(PORT, 0xA5).out16(PORT + 2, 0xBEEF).out32(PORT, 0x12345678).out32(PORT - 1, 1).out32(PORT + 1, 2).out16(PORT + 3, 3)
                .expect(PORT + 3, 0x11).expect32(PORT, 0x44332211).expect32(PORT + 1, -1).expect(PORT + 4, 0xFF);
        // mov rbx, window; by 1, 2, 4 and 8 bytes; the last across the end.
        kernel.bytes(0xBB).word((int) WINDOW)
                .bytes(0xC6, 0x03, 0x5A, 0x66, 0xC7, 0x43, 0x02, 0xEF, 0xBE, 0xC7, 0x43, 0x04, 1, 0, 0, 0, 0x48, 0xC7, 0x03, 0xFF, 0xFF, 0xFF, 0xFF)
                .bytes(0x48, 0x8B, 0x03, 0x8B, 0x43, 0x06, 0x66, 0x8B, 0x43, 0x07, 0x8A, 0x43, 0x07);
        VmExit exit = run(machine(kernel.reset()).serial(console).portDevice("ports", new BusRange(PORT, 4), ports)
                .mmioDevice("window", new BusRange(WINDOW, 8), window));
        assertEquals(VmExitReason.RESET, exit.reason(), exit.message());
        assertEquals(List.of("write 0/1 a5", "write 2/2 beef", "write 0/4 12345678", "read 3/1", "read 0/4", "close"), ports.accesses);
        assertEquals(List.of("write 0/1 5a", "write 2/2 beef", "write 4/4 1", "write 0/8 ffffffffffffffff", "read 0/8", "read 7/1", "close"),
                window.accesses);
    }

    @Test
    void itsInterruptArrivesAndVirtioDevicesKeepClearOfIt() throws Exception {
        List<InterruptLine> lines = new ArrayList<>();
        TinyKernel kernel = new TinyKernel().startFirstDevice().out(PORT, 1)
                // The second interrupt controller's request register has the edge of input 10.
                .out(0xA0, 0x0A).awaitBits(0xA0, 1 << 2).print("told");
        Shaky virtio = onNotify(() -> { });
        VmExit exit = run(machine(kernel.reset()).serial(console).device("virtio", virtio)
                .portDevice("bell", new BusRange(PORT, 1), 10, (line, loop) -> {
                    lines.add(line);
                    return new Noting() {
                        @Override
                        public void write(long offset, int width, long value) {
                            loop.execute(line::trigger);
                        }
                    };
                }).portDevice("five", new BusRange(PORT + 1, 1), 5, (line, loop) -> new Noting()));
        assertEquals(VmExitReason.RESET, exit.reason(), exit.message());
        assertEquals("told", console.text());
        lines.get(0).trigger(); // once the machine has ended: nothing
    }

    private void assertFault(Throwable thrown, TinyKernel kernel, BiFunction<InterruptLine, EventLoop, BusDevice> maker) throws Exception {
        assertFaultOf("device shaky", thrown, run(machine(kernel.spin()).serial(CapturedConsole.create())
                .portDevice("shaky", new BusRange(PORT, 8), 10, maker)));
    }

    private static BusDevice throwing(Throwable thrown) {
        return new BusDevice() {
            @Override
            public long read(long offset, int width) {
                throw GivenParts.<RuntimeException>sneak(thrown);
            }

            @Override
            public void write(long offset, int width, long value) {
                throw GivenParts.<RuntimeException>sneak(thrown);
            }
        };
    }

    @Test
    void whateverADeviceThrowsEndsItsMachineUnderItsNameAndNoOther() throws Exception {
        try (Vm bystander = machine(new TinyKernel().print("up").echoUntil('$').halt()).serial(console).build()) {
            bystander.start();
            console.expect("up", PATIENCE);
            for (Throwable thrown : throwables()) {
                assertFault(thrown, new TinyKernel().out32(PORT, 7), (line, loop) -> throwing(thrown));
                assertFault(thrown, new TinyKernel().awaitBits(PORT, 0xFF), (line, loop) -> throwing(thrown));
                assertFault(thrown, new TinyKernel().out(PORT, 7), (line, loop) -> new Noting() {
                    @Override
                    public void write(long offset, int width, long value) {
                        loop.execute(() -> throwing(thrown).read(0, 1));
                    }
                });
                VmExit exit = run(machine(new TinyKernel().reset()).serial(CapturedConsole.create()).portDevice("shaky", new BusRange(PORT, 8), new Noting() {
                    @Override
                    public void close() {
                        throw GivenParts.<RuntimeException>sneak(thrown);
                    }
                }));
                assertEquals(VmExitReason.RESET, exit.reason(), "the machine had ended before: " + exit);
                console.type("still here");
                console.expect("still here", PATIENCE);
            }
        }
    }

    @Test
    void oneDefinitionServesManyMachinesEachWithADeviceOfItsOwn() throws Exception {
        List<Noting> made = new ArrayList<>();
        VmBuilder machine = machine(new TinyKernel().out(PORT, 1).reset()).portDevice("ports", new BusRange(PORT, 4), VmBuilder.NO_INTERRUPT, (line, loop) -> {
            made.add(new Noting());
            line.trigger(); // goes nowhere
            return made.get(made.size() - 1);
        });
        run(machine.serial(CapturedConsole.create()));
        run(machine.serial(CapturedConsole.create()));
        assertEquals(2, made.size());
        made.forEach(device -> assertEquals(List.of("write 0/1 1", "close"), device.accesses));
    }
}
