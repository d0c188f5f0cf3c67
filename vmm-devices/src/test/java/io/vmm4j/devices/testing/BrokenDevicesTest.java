package io.vmm4j.devices.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the kit is for: devices that each do one thing wrong, and do not survive it. */
class BrokenDevicesTest {

    private static final List<Hostile.Attack> ATTACKS = Hostile.all(20240229);

    private static void survive(Hostile.Attack attack, Function<EventLoop, ReverserTestDevice> device) {
        VirtioRig.survive(attack, 0, device, made -> { });
    }

    static List<Hostile.Attack> attacks() {
        return ATTACKS;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("attacks")
    void theDeviceThatDoesNothingWrongSurvives(Hostile.Attack attack) {
        survive(attack, ReverserTestDevice::new);
    }

    @Test
    void andItsAnswersAreWhatItSays() {
        byte[] answer = VirtioRig.exchange(0, ReverserTestDevice::new, "abcdef".getBytes(StandardCharsets.US_ASCII), 100);
        assertArrayEquals("fedcba".getBytes(StandardCharsets.US_ASCII), answer);
        assertEquals(3, VirtioRig.exchange(0, ReverserTestDevice::new, "abcdef".getBytes(StandardCharsets.US_ASCII), 3).length);
    }

    /** A device with another way to serve a chain. */
    private static Function<EventLoop, ReverserTestDevice> serving(Serve serve) {
        return loop -> new ReverserTestDevice(loop) {
            @Override
            long serve(DescriptorChain chain) throws VirtQueueException {
                return serve.serve(this, chain);
            }
        };
    }

    private interface Serve {
        long serve(ReverserTestDevice device, DescriptorChain chain) throws VirtQueueException;
    }

    private static long copy(DescriptorChain chain, ByteBuffer text) {
        ChainCopy.read(chain, text);
        return ChainCopy.write(chain, text.flip());
    }

    /** Keeps a buffer that grows as it must. */
    private static final class Hoarder extends ReverserTestDevice {
        private byte[] buffer = new byte[64];

        Hoarder(EventLoop loop) {
            super(loop);
        }

        @Override
        long serve(DescriptorChain chain) {
            if (chain.readableLength() > buffer.length) {
                buffer = Arrays.copyOf(buffer, (int) chain.readableLength());
            }
            return copy(chain, ByteBuffer.wrap(buffer));
        }
    }

    /** Has a timer that goes on. */
    private static class Ticker extends ReverserTestDevice {
        final LoopTimer timer = loop.timer(this::tick);
        VirtioActivation activation;
        List<ByteBuffer> views = new ArrayList<>();

        Ticker(EventLoop loop) {
            super(loop);
        }

        void tick() {
            // As below.
        }

        @Override
        public void activate(VirtioActivation newActivation) {
            super.activate(newActivation);
            activation = newActivation;
            timer.arm(1_000_000_000);
        }

        @Override
        long serve(DescriptorChain chain) throws VirtQueueException {
            views.clear();
            for (int i = 0; i < chain.writableCount(); i++) {
                views.add(chain.writable(i));
            }
            return super.serve(chain);
        }
    }

    static Stream<Arguments> broken() {
        return Stream.of(
            broken("allocates what is to be read", "in proportion", serving((device, chain) -> copy(chain, ByteBuffer.allocate((int) chain.readableLength())))),
            broken("allocates what is to be written", "in proportion",
                serving((device, chain) -> ChainCopy.write(chain, ByteBuffer.allocate((int) chain.writableLength())))),
            broken("keeps a buffer that grows", "in proportion", Hoarder::new),
            broken("allocates outside of the heap", "in proportion",
                serving((device, chain) -> copy(chain, ByteBuffer.allocateDirect((int) chain.readableLength())))),
            broken("believes a count in the request", "", serving((device, chain) -> {
                ByteBuffer count = ByteBuffer.allocate(4);
                if (ChainCopy.read(chain, count) == 4) {
                    return ChainCopy.write(chain, ByteBuffer.allocate(count.getInt(0) & 0x0FFF_FFFF));
                }
                return 0;
            })),
            broken("resets without stopping its pump", "the device was reset before", loop -> new ReverserTestDevice(loop) {
                @Override
                public void reset() {
                    fault.disarm();
                }
            }),
            broken("resets without disarming its fault", "still holds the interrupt", loop -> new ReverserTestDevice(loop) {
                @Override
                public void reset() {
                    pump.stop();
                }
            }),
            broken("does nothing at a reset", "", loop -> new ReverserTestDevice(loop) {
                @Override
                public void reset() {
                    // Forgotten.
                }
            }),
            broken("begins a reset and goes on", "the device was reset before", loop -> new ReverserTestDevice(loop) {
                @Override
                public void beginReset(Runnable quiesced) {
                    quiesced.run();
                }
            }),
            broken("never ends a reset", "does not say that it has let go after its reset", loop -> new ReverserTestDevice(loop) {
                @Override
                public void beginReset(Runnable quiesced) {
                    reset();
                }
            }),
            broken("ends a reset twice", "says twice that its reset is over", loop -> new ReverserTestDevice(loop) {
                @Override
                public void beginReset(Runnable quiesced) {
                    super.beginReset(quiesced);
                    quiesced.run();
                }
            }),
            broken("never lets a queue go", "does not say that it has let go after its queue was taken back", loop -> new ReverserTestDevice(loop) {
                @Override
                public void beginQueueStop(int queueIndex, Runnable quiesced) {
                    // Forgotten.
                }
            }),
            broken("writes to a buffer of a queue that was taken back", "after its queue was taken back", loop -> new Ticker(loop) {
                @Override
                void tick() {
                    if (activation.queues().get(0).isStopped()) {
                        views.forEach(view -> view.put(view.limit() - 1, (byte) (view.get(view.limit() - 1) + 1)));
                    }
                }

                @Override
                public void reset() {
                    super.reset();
                    timer.disarm();
                    activation = null;
                }
            }),
            broken("does not tell of a driver's faults", "expected NEEDS_RESET", loop -> new ReverserTestDevice(loop) {
                @Override
                public void activate(VirtioActivation activation) {
                    pump.start(activation, 0);
                }
            }),
            broken("gives a chain back twice", "given back before", serving((device, chain) -> {
                device.pump.giveBack(chain, 0);
                return 0;
            })),
            broken("says it wrote more than there is room for", "has room for", serving((device, chain) -> chain.readableLength())),
            broken("says it wrote less than nothing", "", serving((device, chain) -> -3)),
            broken("has slots for some chains only", "", loop -> new ReverserTestDevice(loop) {
                private final DescriptorChain[] slots = new DescriptorChain[64];

                @Override
                long serve(DescriptorChain chain) throws VirtQueueException {
                    slots[chain.id()] = chain;
                    return super.serve(chain);
                }
            }),
            broken("raises its interrupt once it is reset", "configChanged(): the device was reset before", loop -> new Ticker(loop) {
                @Override
                void tick() {
                    activation.interrupt().configChanged();
                }
            }),
            broken("reads guest memory once it is reset", "read of guest memory at 0x0: the device was reset before", loop -> new Ticker(loop) {
                @Override
                void tick() {
                    try {
                        activation.memory().readU8(0);
                    } catch (GuestMemoryException e) {
                        throw new IllegalStateException(e);
                    }
                }
            }),
            broken("swallows what it is told about that", "the device was reset before", loop -> new Ticker(loop) {
                @Override
                void tick() {
                    try {
                        activation.memory().writeU8(0, 1);
                    } catch (GuestMemoryException | Error e) {
                        return;
                    }
                }
            }),
            broken("writes to a buffer once it is reset", "changed guest memory", loop -> new Ticker(loop) {
                @Override
                void tick() {
                    views.forEach(view -> view.put(view.limit() - 1, (byte) (view.get(view.limit() - 1) + 1)));
                }

                @Override
                public void reset() {
                    super.reset();
                    activation = null;
                }
            }),
            broken("polls its queue once it is reset", "poll() of queue 0: the device was reset before", loop -> new Ticker(loop) {
                @Override
                void tick() {
                    try {
                        activation.queues().get(0).poll();
                    } catch (VirtQueueException e) {
                        throw new IllegalStateException(e);
                    }
                }
            }),
            broken("keeps its activation", "still holds", loop -> new ReverserTestDevice(loop) {
                private VirtioActivation kept;

                @Override
                public void activate(VirtioActivation activation) {
                    super.activate(activation);
                    kept = activation;
                }
            }),
            broken("reads a header that is not there", "the device threw java.nio.BufferUnderflowException",
                serving((device, chain) -> chain.readableCount() == 0 ? 0 : chain.readable(0).getLong() & 0)),
            broken("reads a view that is not there", "the device threw", serving((device, chain) -> chain.readable(0).remaining() & 0)),
            broken("spins at an empty buffer", "come to rest within 1 s", serving((device, chain) -> {
                while (chain.readableLength() == 0 && !Thread.interrupted()) {
                    Thread.onSpinWait();
                }
                return 0;
            })),
            broken("gives itself tasks without end", "did not come to rest", loop -> new ReverserTestDevice(loop) {
                @Override
                public void onQueueNotify(int queueIndex) {
                    super.onQueueNotify(queueIndex);
                    loop.execute(() -> onQueueNotify(queueIndex));
                }
            }),
            broken("throws at a chain without room", "the device threw java.lang.IllegalArgumentException: no room", serving((device, chain) -> {
                if (chain.writableCount() == 0) {
                    throw new IllegalArgumentException("no room");
                }
                return 0;
            })),
            broken("makes a timer with each start", "timers on its loop", loop -> new ReverserTestDevice(loop) {
                @Override
                public void activate(VirtioActivation activation) {
                    super.activate(activation);
                    loop.timer(() -> { });
                }
            }),
            broken("starts once only", "", loop -> new ReverserTestDevice(loop) {
                private boolean started;

                @Override
                public void activate(VirtioActivation activation) {
                    if (started) {
                        throw new IllegalStateException("started before");
                    }
                    started = true;
                    super.activate(activation);
                }
            }),
            broken("tells of its own faults as the driver's", "expected CARRIES_ON", loop -> new ReverserTestDevice(loop) {
                @Override
                public void activate(VirtioActivation activation) {
                    super.activate(activation);
                    activation.interrupt().needsReset();
                }
            }));
    }

    private static Arguments broken(String what, String said, Function<EventLoop, ReverserTestDevice> device) {
        return Arguments.of(what, said, device);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("broken")
    void aBrokenDeviceDoesNotSurvive(String what, String said, Function<EventLoop, ReverserTestDevice> device) {
        int seconds = said.contains("come to rest within 1 s") ? 1 : Survival.SECONDS;
        List<String> failures = new ArrayList<>();
        for (Hostile.Attack attack : ATTACKS) {
            try {
                Survival.run(attack.toString(), seconds, () -> new Survival<>(0, device, made -> { }).carryOut(attack));
            } catch (AssertionError e) {
                failures.add(e.getMessage());
                assertTrue(e.getMessage().startsWith(attack + ": "), "it begins with the attack's name: " + e.getMessage());
                if (e.getMessage().contains(said)) {
                    return;
                }
            }
        }
        fail("a device that " + what + " survives: " + failures);
    }

    /** Serves a chain as it must be, and answers something else. */
    private static Function<EventLoop, ReverserTestDevice> answering(Serve answer) {
        return loop -> new ReverserTestDevice(loop) {
            @Override
            long serve(DescriptorChain chain) throws VirtQueueException {
                super.serve(chain);
                return answer.serve(this, chain);
            }
        };
    }

    static Stream<Arguments> dishonest() {
        return Stream.of(
            broken("says it wrote all there is room for", "has not written byte 4", answering((device, chain) -> chain.writableLength())),
            broken("says it wrote nothing", "says it wrote 0 bytes, and has changed byte 0", answering((device, chain) -> 0)),
            broken("says it wrote one byte less", "says it wrote 3 bytes, and has changed byte 3", answering((device, chain) -> 3)),
            broken("keeps the chain", "does not come back once: null", answering((device, chain) -> QueuePump.KEPT)),
            broken("writes where it is to read", "has changed what it was to read", serving((device, chain) -> {
                chain.readable(0).put((byte) 'X');
                return 0;
            })),
            broken("takes a request in order for a fault", "expected CARRIES_ON", loop -> new ReverserTestDevice(loop) {
                @Override
                long serve(DescriptorChain chain) throws VirtQueueException {
                    long written = super.serve(chain);
                    loop.execute(() -> fault.report(new VirtQueueException("I do not like it")));
                    return written;
                }
            }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dishonest")
    void aDishonestDeviceIsFoundOutByAnExchange(String what, String said, Function<EventLoop, ReverserTestDevice> device) {
        AssertionError failure = assertThrows(AssertionError.class, () -> VirtioRig.exchange(0, device, "text".getBytes(StandardCharsets.US_ASCII), 16));
        assertTrue(failure.getMessage().contains(said), failure.getMessage());
    }
}
