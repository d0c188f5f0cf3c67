package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.host.CapturedConsole;
import io.vmm4j.core.host.SerialConsole;
import io.vmm4j.core.host.SerialPort;
import io.vmm4j.core.host.StreamConsole;
import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Devices and consoles of an embedder's that are not what they must be: each is named, and nothing but its machine feels it. */
@Tag("kvm")
@Timeout(120)
class GivenPartsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private final CapturedConsole console = StreamConsole.capture();

    @BeforeEach
    void needsKvm() {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
    }

    private VmBuilder machine(TinyKernel kernel) throws IOException {
        Path initrd = Files.write(directory.resolve("initrd"), new byte[] {1});
        return VmBuilder.create().kernel(kernel.writeTo(Files.createTempFile(directory, "kernel", ".elf"))).initrd(initrd);
    }

    /** A device that does what it must, but for what a test has it do. */
    private static class Shaky implements VirtioDevice {
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

    private ConfigException refusal(VirtioDevice device) throws Exception {
        VmBuilder machine = machine(new TinyKernel().spin()).serial(console).device("shaky", device);
        ConfigException refusal = assertThrows(ConfigException.class, machine::build);
        assertTrue(refusal.getMessage().contains("device shaky: "), refusal.getMessage());
        assertEquals("devices.shaky", refusal.problems().get(0).key());
        return refusal;
    }

    private void assertRefused(String why, VirtioDevice device) throws Exception {
        String message = refusal(device).getMessage();
        assertTrue(message.contains(why), message);
    }

    private static VirtioDevice withQueues(int... sizes) {
        return new Shaky() {
            @Override
            public int[] queueSizeMax() {
                return sizes;
            }
        };
    }

    @Test
    void aDeviceThatCannotBeOneIsRefusedByItsName() throws Exception {
        assertRefused("queueSizeMax() is 7 for queue 0", withQueues(7));
        assertRefused("queueSizeMax() is -1 for queue 0", withQueues(-1));
        assertRefused("queueSizeMax() is 65536 for queue 1", withQueues(16, 65536));
        assertRefused("queueSizeMax() is -2147483648 for queue 0", withQueues(Integer.MIN_VALUE));
        assertRefused("queueSizeMax() names no queue", withQueues(0));
        assertRefused("queueSizeMax() names no queue", withQueues());
        assertRefused("queueSizeMax() is null", withQueues((int[]) null));
        assertRefused("type() is null", new Shaky() {
            @Override
            public VirtioDeviceType type() {
                return null;
            }
        });
        assertRefused("configSpace() is null", new Shaky() {
            @Override
            public ConfigSpace configSpace() {
                return null;
            }
        });
        for (int bit : new int[] {24, 28, 32, 33, 49}) {
            assertRefused("offers bit " + bit, new Shaky() {
                @Override
                public long deviceFeatures() {
                    return 1L << bit;
                }
            });
        }
    }

    @Test
    void allDevicesThatCannotBeOneAreNamedTogether() throws Exception {
        VmBuilder machine = machine(new TinyKernel().spin()).serial(console).device("odd", withQueues(7)).device("good", withQueues(16))
                .device("gone", loop -> null);
        ConfigException refusal = assertThrows(ConfigException.class, machine::build);
        assertEquals(List.of("devices.odd", "devices.gone"), refusal.problems().stream().map(problem -> problem.key()).toList());
        Shaky one = new Shaky();
        ConfigException twice = assertThrows(ConfigException.class, machine(new TinyKernel().spin()).serial(console).device("a", one).device("b", one)::build);
        assertTrue(twice.getMessage().contains("device b: it is device a too"), twice.getMessage());
    }

    @Test
    void whatADeviceThrowsWhenItIsMadeOrAskedIsTheCause() throws Exception {
        for (Throwable thrown : throwables()) {
            assertSame(thrown, refusal(new Shaky() {
                @Override
                public VirtioDeviceType type() {
                    throw GivenPartsTest.<RuntimeException>sneak(thrown);
                }
            }).getCause());
            VmBuilder machine = machine(new TinyKernel().spin()).serial(console).device("shaky", loop -> {
                throw GivenPartsTest.<RuntimeException>sneak(thrown);
            });
            assertSame(thrown, assertThrows(ConfigException.class, machine::build).getCause());
        }
        UncheckedIOException hosts = new UncheckedIOException(new IOException("no such tape"));
        VmBuilder machine = machine(new TinyKernel().spin()).serial(console).device("tape", loop -> {
            throw hosts;
        });
        IOException refusal = assertThrows(IOException.class, machine::build, "the host's, and no mistake of the embedder's");
        assertTrue(refusal.getMessage().contains("device tape"), refusal.getMessage());
    }

    private static List<Throwable> throwables() {
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

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> T sneak(Throwable thrown) throws T {
        throw (T) thrown;
    }

    private static Runnable throwing(Throwable thrown) {
        return () -> {
            throw GivenPartsTest.<RuntimeException>sneak(thrown);
        };
    }

    private VmExit run(VmBuilder machine) throws Exception {
        try (Vm vm = machine.build()) {
            vm.start();
            return vm.await(PATIENCE).orElseThrow();
        }
    }

    private void assertFaultOf(String part, Throwable cause, VmExit exit) {
        assertEquals(VmExitReason.DEVICE_FAULT, exit.reason(), exit.message());
        assertSame(cause, exit.cause());
        assertTrue(exit.message().startsWith(part + ": "), exit.message());
        assertTrue(exit.message().contains(cause.getClass().getName()), exit.message());
    }

    private static Shaky inActivate(Runnable deed) {
        return new Shaky() {
            @Override
            public void activate(VirtioActivation activation) {
                deed.run();
            }
        };
    }

    private static Shaky inNotify(Runnable deed) {
        return new Shaky() {
            @Override
            public void onQueueNotify(int queueIndex) {
                deed.run();
            }
        };
    }

    private static Shaky inReset(Runnable deed) {
        return new Shaky() {
            @Override
            public void reset() {
                deed.run();
            }
        };
    }

    private static Shaky inConfig(Runnable onRead, Runnable onWrite) {
        return new Shaky() {
            @Override
            public ConfigSpace configSpace() {
                return new ConfigSpace() {
                    @Override
                    public long read(long offset, int width) {
                        onRead.run();
                        return 0;
                    }

                    @Override
                    public void write(long offset, int width, long value) {
                        onWrite.run();
                    }
                };
            }
        };
    }

    @Test
    void aDeviceThatNothingIsWrongWithRunsAndIsResetAtTheEnd() throws Exception {
        List<String> resets = new CopyOnWriteArrayList<>();
        Shaky device = inReset(() -> resets.add(Thread.currentThread().getName()));
        VmExit exit = run(machine(new TinyKernel().startFirstDevice().reset()).serial(console).device("shaky", device));
        assertEquals(VmExitReason.RESET, exit.reason(), exit.message());
        assertEquals(List.of("vm-events"), resets);
    }

    private static TinyKernel start() {
        return new TinyKernel().startFirstDevice();
    }

    private static TinyKernel window() {
        return new TinyKernel().mapFirstWindow();
    }

    private void assertFault(Throwable thrown, TinyKernel kernel, Function<EventLoop, Shaky> device) throws Exception {
        assertFaultOf("device shaky", thrown, run(machine(kernel.spin()).serial(StreamConsole.capture()).device("shaky", device)));
    }

    @Test
    void whateverADeviceThrowsEndsItsMachineUnderItsNameAndNoOther() throws Exception {
        try (Vm bystander = machine(new TinyKernel().print("up").echoUntil('$').halt()).serial(console).build()) {
            bystander.start();
            assertTrue(console.awaitText("up", PATIENCE), console.text());
            for (Throwable thrown : throwables()) {
                Runnable deed = throwing(thrown);
                Runnable nothing = () -> { };
                assertFault(thrown, start(), loop -> inActivate(deed));
                assertFault(thrown, start(), loop -> inNotify(deed));
                assertFault(thrown, start(), loop -> inNotify(() -> loop.execute(deed)));
                assertFault(thrown, start(), loop -> inNotify(() -> loop.timer(deed).arm(1_000_000)));
                assertFault(thrown, window().writeRegister(0x104, 7).writeRegister(0x070, 0), loop -> inReset(deed));
                assertFault(thrown, window().readRegister(0x104), loop -> inConfig(deed, nothing));
                assertFault(thrown, window().writeRegister(0x104, 7), loop -> inConfig(nothing, deed));
                console.type("still here");
                assertTrue(console.awaitText("still here", PATIENCE), console.text());
            }
        }
    }

    /** A console that does what it must, but for what a test has it do. */
    private static class ShakyConsole implements SerialConsole, SerialSink {

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

    @Test
    void whateverAConsoleThrowsIsItsFaultToo() throws Exception {
        for (Throwable thrown : throwables()) {
            assertFaultOf("serial console", thrown, run(machine(new TinyKernel().print("x").spin()).serial(new ShakyConsole() {
                @Override
                public void write(int octet) {
                    throw GivenPartsTest.<RuntimeException>sneak(thrown);
                }
            })));
            assertFaultOf("serial console", thrown, run(machine(new TinyKernel().print("x").spin()).serial(new ShakyConsole() {
                @Override
                public boolean hasRoom() {
                    throw GivenPartsTest.<RuntimeException>sneak(thrown);
                }
            })));
            VmExit exit = run(machine(new TinyKernel().reset()).serial(new ShakyConsole() {
                @Override
                public void close() {
                    throw GivenPartsTest.<RuntimeException>sneak(thrown);
                }
            }));
            assertEquals(VmExitReason.RESET, exit.reason(), "the machine had ended before: " + exit);
            for (Consumer<VmBuilder> place : List.<Consumer<VmBuilder>>of(builder -> builder.serial(inAttach(thrown)),
                    builder -> builder.serial(StreamConsole.capture()).virtioConsole(inAttach(thrown)))) {
                VmBuilder machine = machine(new TinyKernel().spin());
                place.accept(machine);
                ConfigException refusal = assertThrows(ConfigException.class, machine::build);
                assertSame(thrown, refusal.getCause());
                assertTrue(refusal.getMessage().contains("console: attach() threw"), refusal.getMessage());
            }
        }
    }

    private static SerialConsole inAttach(Throwable thrown) {
        return new ShakyConsole() {
            @Override
            public void attach(SerialPort port) {
                throw GivenPartsTest.<RuntimeException>sneak(thrown);
            }
        };
    }

    @Test
    void aConsoleWithoutOutputOneThatServesTwiceAndOneThatTheHostRefusesAreNamed() throws Exception {
        SerialConsole mute = new ShakyConsole() {
            @Override
            public SerialSink output() {
                return null;
            }
        };
        ConfigException refusal = assertThrows(ConfigException.class, machine(new TinyKernel().spin()).serial(mute)::build);
        assertEquals("serial console: output() is null (serial)", refusal.getMessage());
        refusal = assertThrows(ConfigException.class, machine(new TinyKernel().spin()).serial(console).virtioConsole(console)::build);
        assertEquals("virtio console: it is the serial console too (console)", refusal.getMessage());
        SerialConsole refused = new ShakyConsole() {
            @Override
            public void attach(SerialPort port) throws IOException {
                throw new IOException("no such terminal");
            }
        };
        IOException hosts = assertThrows(IOException.class, machine(new TinyKernel().spin()).serial(refused)::build);
        assertTrue(hosts.getMessage().contains("serial console: attach() threw java.io.IOException: no such terminal"), hosts.getMessage());
        SerialConsole used = StreamConsole.capture();
        run(machine(new TinyKernel().reset()).serial(used));
        refusal = assertThrows(ConfigException.class, machine(new TinyKernel().spin()).serial(used)::build);
        assertInstanceOf(IllegalStateException.class, refusal.getCause());
        assertTrue(refusal.getMessage().contains("serial console: "), refusal.getMessage());
    }
}
