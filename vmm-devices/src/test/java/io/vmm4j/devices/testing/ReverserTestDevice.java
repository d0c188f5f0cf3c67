package io.vmm4j.devices.testing;

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
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.nio.ByteBuffer;

/** A device that gives its input back in reverse, and does all that it must; for tests that have it do less. */
class ReverserTestDevice implements VirtioDevice {

    private static final int MOST = 4096;
    private static final VirtioDeviceType TYPE = new VirtioDeviceType(0xF001, "reverser");

    final EventLoop loop;
    final DriverFault fault = new DriverFault(TYPE);
    final QueuePump pump;
    private final ConfigSpace config = new ByteConfigSpace(8);

    ReverserTestDevice(EventLoop loop) {
        this.loop = loop;
        this.pump = new QueuePump(loop, fault, 16, this::serve);
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
    public void onQueueNotify(int queueIndex) {
        pump.run();
    }

    @Override
    public void reset() {
        pump.stop();
        fault.disarm();
    }

    long serve(DescriptorChain chain) throws VirtQueueException {
        byte[] text = new byte[(int) Math.min(chain.readableLength(), MOST)];
        ChainCopy.read(chain, ByteBuffer.wrap(text));
        return ChainCopy.write(chain, ByteBuffer.wrap(reversed(text)));
    }

    static byte[] reversed(byte[] text) {
        byte[] reversed = new byte[text.length];
        for (int i = 0; i < text.length; i++) {
            reversed[i] = text[text.length - 1 - i];
        }
        return reversed;
    }
}
