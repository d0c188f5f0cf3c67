package io.vmm4j.examples;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/** A virtio device with one queue: it gives text back in capital letters. Arguments: KERNEL ROOTFS. */
public final class VirtioShouter {

    static final class Shouter implements VirtioDevice {

        private static final VirtioDeviceType TYPE = new VirtioDeviceType(0xF000, "shouter");
        private static final int TEXT_MAX = 4096;

        private final ConfigSpace config = new ByteConfigSpace(0);
        private final DriverFault fault = new DriverFault(TYPE);
        private final QueuePump pump;

        Shouter(EventLoop loop) {
            pump = new QueuePump(loop, fault, 16, this::serve);
        }

        @Override
        public VirtioDeviceType type() {
            return TYPE;
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
        public void activate(VirtioActivation activation) {
            fault.arm(activation.interrupt());
            pump.start(activation, 0);
        }

        @Override
        public void onQueueNotify(int queue) {
            pump.run();
        }

        @Override
        public void reset() {
            pump.stop();
            fault.disarm();
        }

        /** The guest has chosen all lengths: here they get a bound. */
        private long serve(DescriptorChain chain) {
            byte[] text = new byte[(int) Math.min(chain.readableLength(), TEXT_MAX)];
            ChainCopy.read(chain, ByteBuffer.wrap(text));
            String shouted = new String(text, StandardCharsets.US_ASCII).toUpperCase(Locale.ROOT);
            return ChainCopy.write(chain, StandardCharsets.US_ASCII.encode(shouted));
        }
    }

    private VirtioShouter() {
    }

    public static void main(String[] args) throws Exception {
        CapturedConsole console = CapturedConsole.create();
        try (Vm vm = VmBuilder.create().kernel(Path.of(args[0])).rootfs(Path.of(args[1])).serial(console).device("shouter", Shouter::new).build()) {
            vm.start();
            System.out.println(vm.await(Duration.ofSeconds(30)).map(exit -> exit.reason() + ": " + exit.message()).orElse("still there"));
            System.out.println("the guest said: " + console.text());
        }
    }
}
