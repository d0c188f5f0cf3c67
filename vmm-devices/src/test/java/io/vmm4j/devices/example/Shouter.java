package io.vmm4j.devices.example;

import static java.nio.charset.StandardCharsets.US_ASCII;

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
import java.util.Locale;

/** Gives text back in capital letters. */
final class Shouter implements VirtioDevice {
    private static final VirtioDeviceType TYPE = new VirtioDeviceType(0xF000, "shouter");
    private final ConfigSpace config = new ByteConfigSpace(0);
    private final DriverFault fault = new DriverFault(TYPE);
    private final QueuePump pump;

    Shouter(EventLoop loop) {
        pump = new QueuePump(loop, fault, 16, this::serve);
    }

    @Override public VirtioDeviceType type() { return TYPE; }
    @Override public long deviceFeatures() { return 0; }
    @Override public int[] queueSizeMax() { return new int[] {256}; }
    @Override public ConfigSpace configSpace() { return config; }
    @Override public void onQueueNotify(int queue) { pump.run(); }

    @Override public void activate(VirtioActivation activation) {
        fault.arm(activation.interrupt());
        pump.start(activation, 0);
    }

    @Override public void reset() {
        pump.stop();
        fault.disarm();
    }

    /** Returns the bytes written; the guest chose all lengths, so they are bounded here. */
    private long serve(DescriptorChain chain) {
        byte[] text = new byte[(int) Math.min(chain.readableLength(), 4096)];
        ChainCopy.read(chain, ByteBuffer.wrap(text));
        return ChainCopy.write(chain, US_ASCII.encode(new String(text, US_ASCII).toUpperCase(Locale.ROOT)));
    }
}
