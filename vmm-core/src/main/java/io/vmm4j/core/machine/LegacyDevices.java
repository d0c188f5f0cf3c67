package io.vmm4j.core.machine;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.acpi.AcpiPorts;
import io.vmm4j.core.acpi.AcpiPowerDevice;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.IrqfdLine;
import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.core.metrics.CountingSink;
import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.devices.bus.BusBuilder;
import io.vmm4j.devices.i8042.I8042;
import io.vmm4j.devices.pvpanic.PvPanic;
import io.vmm4j.devices.rtc.CmosRtc;
import io.vmm4j.devices.serial.InputGate;
import io.vmm4j.devices.serial.LineSplitter;
import io.vmm4j.devices.serial.Serial16550;
import io.vmm4j.kvm.KvmVm;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/** What every PC has at fixed ports: two serial ports, keyboard controller, clock, the ACPI sleep and reset registers, and pvpanic. */
final class LegacyDevices implements AutoCloseable {

    private static final int COM1_PORT = 0x3f8;
    private static final int COM1_GSI = 4;
    private static final int COM2_PORT = 0x2f8;
    private static final int COM2_GSI = 3;
    private static final int COM_LENGTH = 8;
    private static final int I8042_DATA_PORT = 0x60;
    private static final int I8042_COMMAND_PORT = 0x64;
    private static final int I8042_GSI = 1;
    private static final int RTC_GSI = 8;

    private final KvmVm vm;
    private final BusBuilder ports;
    private final MachineMetrics metrics;
    private final SavedParts saved;
    private final EpollEventLoop loop;
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    /**
     * @param saved takes note of those with state
     * @param loop  what they are saved on
     */
    LegacyDevices(KvmVm vm, BusBuilder ports, MachineMetrics metrics, SavedParts saved, EpollEventLoop loop) {
        this.saved = saved;
        this.loop = loop;
        this.vm = vm;
        this.ports = ports;
        this.metrics = metrics;
    }

    /** COM1, with its host's end on {@code console}, which is to be attached to {@code port}. */
    ConsolePort addConsole(SerialConsole console, PanicWatch panics, ConsolePort port) throws IOException {
        owned.push(port);
        CountingSink counted = metrics.serial(panics.watch(console.output()));
        Serial16550 serial = new Serial16550(line(COM1_GSI), counted, port::inputRoomChanged, InputGate.AUTOMATIC,
                Serial16550.DEFAULT_INPUT_CAPACITY);
        metrics.serialPort(serial);
        port.connect(inputOf(serial, counted));
        ports.add("COM1", COM1_PORT, COM_LENGTH, serial);
        saved.add("COM1", serial, loop);
        return port;
    }

    private static ConsolePort.Device inputOf(Serial16550 serial, CountingSink counted) {
        return new ConsolePort.Device() {
            @Override
            public int receive(byte[] data, int offset, int length) {
                int taken = serial.receive(data, offset, length);
                counted.received(taken);
                return taken;
            }

            @Override
            public void outputReady() {
                serial.outputReady();
            }
        };
    }

    /** COM2, whose lines go to the log, and to {@code reader} unless that is {@code null}; what it throws is the fault of {@code part}. */
    void addLogPort(PanicWatch panics, Consumer<? super String> reader, GivenPart part) throws IOException {
        GuestLog log = new GuestLog(System::nanoTime);
        owned.push(log);
        LineSplitter lines = new LineSplitter(reader == null ? log : line -> {
            part.guarded("its reader", () -> reader.accept(line)).run();
            log.accept(line);
        });
        // A guest's last words need not end in a line break.
        owned.push(lines::flush);
        Serial16550 serial = new Serial16550(line(COM2_GSI), panics.watch(lines));
        ports.add("COM2", COM2_PORT, COM_LENGTH, serial);
        saved.add("COM2", serial, loop);
    }

    /** The keyboard controller, by which kernels with {@code reboot=k} reset. */
    I8042 addKeyboardController(VcpuEvents events) throws IOException {
        I8042 i8042 = new I8042(line(I8042_GSI), () -> {
            metrics.keyboardReset();
            events.end(new VmExit(VmExitReason.RESET, "the guest asked for a reset (keyboard controller)"));
        });
        ports.add("i8042 data", I8042_DATA_PORT, 1, metrics.keyboard(i8042.dataPort()));
        ports.add("i8042 command", I8042_COMMAND_PORT, 1, metrics.keyboard(i8042.commandPort()));
        saved.add("i8042", i8042, loop);
        return i8042;
    }

    /** The clock, with the host's time. */
    void addClock(long memoryBytes) throws IOException {
        long below = AddressMap.lowRamBytes(memoryBytes);
        CmosRtc rtc = new CmosRtc(Clock.systemUTC(), below, memoryBytes - below, line(RTC_GSI), loop);
        owned.push(rtc);
        ports.add("CMOS RTC", CmosRtc.INDEX_PORT, CmosRtc.WINDOW_LENGTH, rtc);
        saved.add("CMOS RTC", rtc, loop);
    }

    /** The ACPI registers for S5 and reset. */
    void addPowerRegisters(VcpuEvents events) {
        AcpiPowerDevice power = new AcpiPowerDevice(
                () -> events.end(new VmExit(VmExitReason.POWEROFF, "the guest powered off")),
                () -> events.end(new VmExit(VmExitReason.RESET, "the guest asked for a reset (ACPI)")));
        ports.add("ACPI power", AcpiPorts.BASE, AcpiPorts.LENGTH, power);
    }

    /** The port by which a kernel says that it panicked. */
    void addPanicPort(PanicWatch panics) {
        ports.add("pvpanic", PvPanic.PORT, PvPanic.LENGTH, new PvPanic(panics));
    }

    private IrqfdLine line(int gsi) throws IOException {
        IrqfdLine line = new IrqfdLine(vm, gsi);
        owned.push(line);
        return line;
    }

    /** Gives back the interrupt lines and completes the log; no vCPU or loop runs any more. */
    @Override
    public void close() {
        Machine.closeAll(owned);
    }
}
