package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.Hostile;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.RecordingLine;
import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The catalogue against a device that takes any chain, so that only queue and transport stand in a hostile driver's way. */
final class VirtioMmioHostileTest {

    static List<Hostile.Attack> attacks() {
        return Hostile.all(4711);
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void survives(Hostile.Attack attack) {
        GuestMemory memory = Hostile.memory();
        ManualLoop loop = new ManualLoop(new ManualClock());
        VirtioMmioTransport window = new VirtioMmioTransport(new Taker(), memory, new RecordingLine(), loop);
        attack.run(new Hostile.Rig(memory, window, loop::run, 0));
    }

    /** Gives back whatever it gets. */
    private static final class Taker implements VirtioDevice {
        private final ConfigSpace config = new ByteConfigSpace(0);
        private VirtioActivation activation;

        @Override
        public VirtioDeviceType type() {
            return VirtioDeviceType.ENTROPY;
        }

        @Override
        public long deviceFeatures() {
            return 0;
        }

        @Override
        public int[] queueSizeMax() {
            return new int[] {256};
        }

        @Override
        public ConfigSpace configSpace() {
            return config;
        }

        @Override
        public void activate(VirtioActivation newActivation) {
            activation = newActivation;
        }

        @Override
        public void onQueueNotify(int queueIndex) {
            VirtQueue queue = activation.queues().get(queueIndex);
            try {
                for (DescriptorChain chain = queue.poll(); chain != null; chain = queue.poll()) {
                    queue.pushUsed(chain, 0);
                }
            } catch (VirtQueueException e) {
                activation.interrupt().needsReset();
            }
        }

        @Override
        public void reset() {
            activation = null;
        }
    }
}
