package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.console.SerialPort;
import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Machines with devices and consoles of an embedder's that do what a test has them do. */
abstract class GivenParts {

    static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    @BeforeEach
    void needsKvm() {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
    }

    VmBuilder machine(TinyKernel kernel) throws IOException {
        Path initrd = Files.write(directory.resolve("initrd"), new byte[] {1});
        return VmBuilder.create().kernel(kernel.writeTo(Files.createTempFile(directory, "kernel", ".elf"))).initrd(initrd);
    }

    static VmExit run(VmBuilder machine) throws Exception {
        try (Vm vm = machine.build()) {
            vm.start();
            return vm.await(PATIENCE).orElseThrow();
        }
    }

    static void assertFaultOf(String part, Throwable cause, VmExit exit) {
        assertEquals(VmExitReason.DEVICE_FAULT, exit.reason(), exit.message());
        assertSame(cause, exit.cause());
        assertTrue(exit.message().startsWith(part + ": "), exit.message());
        assertTrue(exit.message().contains(cause.getClass().getName()), exit.message());
    }

    /** What foreign code can throw. */
    static List<Throwable> throwables() {
        return List.of(new IllegalStateException("shaken"), new StackOverflowError(), new OutOfMemoryError("Java heap space"),
                new NoClassDefFoundError("a/library/of/theirs"), new Exception("checked, where none is declared"), new Nasty());
    }

    /** Throws also when it is asked what it is. */
    private static final class Nasty extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @Override
        public String getMessage() {
            throw new IllegalStateException("not even that");
        }
    }

    /** For {@code throw}, whatever it is. */
    @SuppressWarnings("unchecked")
    static <T extends Throwable> T sneak(Throwable thrown) throws T {
        throw (T) thrown;
    }

    /** A device that does what it must, but for what a test has it do. */
    static class Shaky implements VirtioDevice {
        private final ConfigSpace config = new ByteConfigSpace(8);

        @Override
        public VirtioDeviceType type() {
            return new VirtioDeviceType(0xF000, "shaky");
        }

        @Override
        public long deviceFeatures() {
            return 0;
        }

        @Override
        public int[] queueSizeMax() {
            return new int[] {16};
        }

        @Override
        public ConfigSpace configSpace() {
            return config;
        }

        @Override
        public void activate(VirtioActivation activation) {
            // Nothing to do.
        }

        @Override
        public void onQueueNotify(int queueIndex) {
            // Nothing to do.
        }

        @Override
        public void reset() {
            // Nothing to do.
        }
    }

    /** A console that does what it must, but for what a test has it do. */
    static class ShakyConsole implements SerialConsole, SerialSink {

        @Override
        public SerialSink output() {
            return this;
        }

        @Override
        public void attach(SerialPort port) throws IOException {
            // Nothing to do.
        }

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public void write(int octet) {
            // Nobody reads it.
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }

    /** A device that does {@code deed} when a queue is notified. */
    static Shaky onNotify(Runnable deed) {
        return new Shaky() {
            @Override
            public void onQueueNotify(int queueIndex) {
                deed.run();
            }
        };
    }

    /** A device that does {@code deed} when its configuration is read. */
    static Shaky onRead(Runnable deed) {
        return new Shaky() {
            @Override
            public ConfigSpace configSpace() {
                return new ConfigSpace() {
                    @Override
                    public long read(long offset, int width) {
                        deed.run();
                        return 0;
                    }

                    @Override
                    public void write(long offset, int width, long value) {
                        // Read-only.
                    }
                };
            }
        };
    }
}
