package io.vmm4j.core.vhostuser;

import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.fs.FsConstants;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * A file system device, virtio 1.2 section 5.11: a queue for what must not wait, and request queues. Its configuration space is ours; neither the
 * notification queue nor the DAX window is offered.
 */
final class FsShape implements DeviceShape {

    /* Section 5.11.4: { u8 tag[36]; le32 num_request_queues; } */
    private static final int CONFIG_LENGTH = FsConstants.TAG_LENGTH + Integer.BYTES;

    private final int requestQueues;
    private final int queueSize;
    private final ByteConfigSpace space = new ByteConfigSpace(CONFIG_LENGTH);

    FsShape(String tag, int requestQueues, int queueSize) {
        this.requestQueues = requestQueues;
        this.queueSize = queueSize;
        byte[] bytes = tag.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < bytes.length; i++) {
            space.put(i, 1, bytes[i] & 0xFF);
        }
        space.put(FsConstants.TAG_LENGTH, Integer.BYTES, requestQueues);
    }

    @Override
    public VirtioDeviceType type() {
        return VirtioDeviceType.FILE_SYSTEM;
    }

    @Override
    public long offered(long backEnd) {
        return 0;
    }

    @Override
    public int[] queueSizes() {
        int[] sizes = new int[1 + requestQueues];
        Arrays.fill(sizes, queueSize);
        return sizes;
    }

    @Override
    public int queueCount() {
        return 1 + requestQueues;
    }

    @Override
    public ConfigSpace configSpace() {
        return space;
    }

    @Override
    public boolean setServed(boolean isServed) {
        return false;
    }

    @Override
    public void prepare(BackEnd backEnd) {
        // It knows all there is to know.
    }

    @Override
    public void reset() {
        // The driver sets nothing.
    }

    @Override
    public void onDriverWrite(IntConsumer onWrite) {
        // Nothing of it is the driver's to write.
    }
}
