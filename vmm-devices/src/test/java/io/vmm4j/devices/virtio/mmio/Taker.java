package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;

/** Gives back whatever it gets on any of two queues, with a byte written to its device-writable part. */
final class Taker implements VirtioDevice {

    final ByteConfigSpace config = new ByteConfigSpace(8);
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
        return new int[] {256, 0, 16};
    }

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    @Override
    public void activate(VirtioActivation newActivation) {
        activation = newActivation;
    }

    void tellConfigChanged() {
        if (activation != null) {
            activation.interrupt().configChanged();
        }
    }

    @Override
    public void onQueueNotify(int queueIndex) {
        VirtQueue queue = activation.queues().get(queueIndex);
        try {
            do {
                for (DescriptorChain chain = queue.poll(); chain != null; chain = queue.poll()) {
                    queue.pushUsed(chain, fill(chain));
                }
                if (queue.needsInterrupt()) {
                    activation.interrupt().usedBuffer(queueIndex);
                }
            } while (queue.enableNotifications());
        } catch (VirtQueueException e) {
            activation.interrupt().needsReset();
        }
    }

    private static long fill(DescriptorChain chain) {
        if (chain.writableCount() > 0 && chain.writable(0).hasRemaining()) {
            chain.writable(0).put((byte) 0xEE);
        }
        return chain.writableLength();
    }

    @Override
    public void reset() {
        activation = null;
    }
}
