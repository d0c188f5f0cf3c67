package io.vmm4j.examples;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.bus.BusRange;
import io.vmm4j.devices.irq.InterruptLine;
import java.nio.file.Path;
import java.time.Duration;

/** A thermometer on I/O ports 0x700 to 0x703, with an alarm on interrupt 10. Arguments: KERNEL ROOTFS. */
public final class PortDevice {

    /**
     * Registers of 16 bits: at 0 the temperature, read-only; at 2 the alarm: a guest that writes a temperature there is interrupted when it
     * is reached. vCPU threads call it, so it has a lock.
     */
    static final class Thermometer implements BusDevice {

        private final InterruptLine line;
        private int temperature;
        private int alarm = 0xFFFF;

        Thermometer(InterruptLine line) {
            this.line = line;
        }

        @Override
        public synchronized long read(long offset, int width) {
            if (width != 2) {
                return -1; // nobody answers an access of another width
            }
            return offset == 0 ? temperature : offset == 2 ? alarm : -1;
        }

        @Override
        public synchronized void write(long offset, int width, long value) {
            if (width == 2 && offset == 2) {
                alarm = (int) value;
                look();
            }
        }

        synchronized void measured(int degrees) {
            temperature = degrees;
            look();
        }

        private void look() {
            if (temperature >= alarm) {
                line.trigger();
            }
        }
    }

    private PortDevice() {
    }

    public static void main(String[] args) throws Exception {
        CapturedConsole console = CapturedConsole.create();
        try (Vm vm = VmBuilder.create().kernel(Path.of(args[0])).rootfs(Path.of(args[1])).serial(console)
                .portDevice("thermometer", new BusRange(0x700, 4), 10, (line, loop) -> {
                    Thermometer thermometer = new Thermometer(line);
                    thermometer.measured(65);
                    return thermometer;
                }).build()) {
            vm.start();
            System.out.println(vm.await(Duration.ofSeconds(30)).map(exit -> exit.reason() + ": " + exit.message()).orElse("still there"));
            System.out.println("the guest said: " + console.text());
        }
    }
}
