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
import io.vmm4j.core.host.StreamConsole;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Devices of an embedder's that are not what they must be: each is named, and nothing but its machine feels it. */
@Tag("kvm")
@Timeout(120)
class GivenDevicesTest extends GivenParts {

    private final CapturedConsole console = StreamConsole.capture();

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
                    throw GivenParts.<RuntimeException>sneak(thrown);
                }
            }).getCause());
            VmBuilder machine = machine(new TinyKernel().spin()).serial(console).device("shaky", loop -> {
                throw GivenParts.<RuntimeException>sneak(thrown);
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

    private static Runnable throwing(Throwable thrown) {
        return () -> {
            throw GivenParts.<RuntimeException>sneak(thrown);
        };
    }

    private static Shaky inActivate(Runnable deed) {
        return new Shaky() {
            @Override
            public void activate(VirtioActivation activation) {
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
                assertFault(thrown, start(), loop -> onNotify(deed));
                assertFault(thrown, start(), loop -> onNotify(() -> loop.execute(deed)));
                assertFault(thrown, start(), loop -> onNotify(() -> loop.timer(deed).arm(1_000_000)));
                assertFault(thrown, window().writeRegister(0x104, 7).writeRegister(0x070, 0), loop -> inReset(deed));
                assertFault(thrown, window().readRegister(0x104), loop -> inConfig(deed, nothing));
                assertFault(thrown, window().writeRegister(0x104, 7), loop -> inConfig(nothing, deed));
                console.type("still here");
                assertTrue(console.awaitText("still here", PATIENCE), console.text());
            }
        }
    }
}
