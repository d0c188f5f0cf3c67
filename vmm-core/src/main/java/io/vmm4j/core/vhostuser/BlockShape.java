package io.vmm4j.core.vhostuser;

import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.VirtioFeatures;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.IntConsumer;

/** A block device, virtio 1.2 section 5.2: its configuration space is the back end's, but for the number of queues. */
final class BlockShape implements DeviceShape {

    /** Section 5.2.3, features 0 to 14 without those that no driver has any more. */
    private static final int VIRTIO_BLK_F_RO = 5;
    private static final int VIRTIO_BLK_F_FLUSH = 9;
    private static final int VIRTIO_BLK_F_CONFIG_WCE = 11;
    private static final int VIRTIO_BLK_F_MQ = 12;
    private static final long KNOWN = masks(1, 2, 4, VIRTIO_BLK_F_RO, 6, VIRTIO_BLK_F_FLUSH, 10, VIRTIO_BLK_F_CONFIG_WCE, VIRTIO_BLK_F_MQ, 13, 14);
    /** Section 5.2.4: up to the fields of WRITE_ZEROES, which all back ends have. */
    private static final int CONFIG_LENGTH = 60;
    private static final int CONFIG_WRITEBACK = 32;
    private static final int CONFIG_NUM_QUEUES = 34;

    private final int queues;
    private final int queueSize;
    private final boolean isFlushed;
    private final ByteConfigSpace space = new ByteConfigSpace(CONFIG_LENGTH);
    private volatile IntConsumer onWrite = at -> { };
    /** The driver has set the cache's mode, which stays then whatever the back end says. */
    private volatile boolean isCacheSet;
    /** The back end's own mode, which a driver finds that has set none. */
    private int cacheOfBackEnd;
    /** A driver has set the mode once, so that back ends are told from then on which it is. */
    private boolean isCacheTold;

    /** @param isFlushed whether the guest's flushes reach the back end */
    BlockShape(int queues, int queueSize, boolean isFlushed) {
        this.queues = queues;
        this.queueSize = queueSize;
        this.isFlushed = isFlushed;
        space.guestWritable(CONFIG_WRITEBACK, 1);
    }

    private static long masks(int... bits) {
        return Arrays.stream(bits).mapToLong(VirtioFeatures::mask).reduce(0, (a, b) -> a | b);
    }

    @Override
    public VirtioDeviceType type() {
        return VirtioDeviceType.BLOCK;
    }

    @Override
    public long offered(long backEnd) throws IOException {
        if (queues > 1 && (backEnd & VirtioFeatures.mask(VIRTIO_BLK_F_MQ)) == 0) {
            throw VhostUserException.gone("has 1 queue and not " + queues);
        }
        long mine = KNOWN & ~(queues > 1 ? 0 : VirtioFeatures.mask(VIRTIO_BLK_F_MQ));
        return backEnd & mine & ~(isFlushed ? 0 : masks(VIRTIO_BLK_F_FLUSH, VIRTIO_BLK_F_CONFIG_WCE));
    }

    /** Whether {@code offered} is a disk that cannot be written. */
    static boolean isReadOnly(long offered) {
        return (offered & VirtioFeatures.mask(VIRTIO_BLK_F_RO)) != 0;
    }

    @Override
    public int[] queueSizes() {
        int[] sizes = new int[queues];
        Arrays.fill(sizes, queueSize);
        return sizes;
    }

    @Override
    public int queueCount() {
        return queues;
    }

    @Override
    public int configLength() {
        return CONFIG_LENGTH;
    }

    @Override
    public boolean takeConfig(byte[] bytes) {
        boolean isChanged = false;
        for (int at = 0; at < CONFIG_LENGTH; at++) {
            if (at == CONFIG_WRITEBACK) {
                if (isCacheSet || isCacheTold) {
                    continue;
                }
                cacheOfBackEnd = bytes[at] & 0xFF;
            }
            int mine = at - CONFIG_NUM_QUEUES;
            int value = mine == 0 || mine == 1 ? queues >> 8 * mine : bytes[at];
            isChanged |= space.put(at, 1, value & 0xFF);
        }
        return isChanged;
    }

    @Override
    public ConfigSpace configSpace() {
        return new ConfigSpace() {
            @Override
            public long read(long offset, int width) {
                return space.read(offset, width);
            }

            @Override
            public void write(long offset, int width, long value) {
                space.write(offset, width, value);
                if (offset >= 0 && offset <= CONFIG_WRITEBACK && CONFIG_WRITEBACK - offset < width) {
                    isCacheSet = true;
                    onWrite.accept(CONFIG_WRITEBACK);
                }
            }

            @Override
            public int generation() {
                return space.generation();
            }
        };
    }

    @Override
    public boolean setServed(boolean isServed) {
        return false;
    }

    @Override
    public void prepare(BackEnd backEnd) throws VhostUserException {
        if (isCacheSet || isCacheTold) {
            isCacheTold = true;
            backEnd.setConfig(CONFIG_WRITEBACK, (byte) space.read(CONFIG_WRITEBACK, 1));
        }
    }

    @Override
    public void reset() {
        if (isCacheSet) {
            isCacheSet = false;
            space.put(CONFIG_WRITEBACK, 1, cacheOfBackEnd);
        }
    }

    @Override
    public void onDriverWrite(IntConsumer listener) {
        onWrite = listener;
    }
}
