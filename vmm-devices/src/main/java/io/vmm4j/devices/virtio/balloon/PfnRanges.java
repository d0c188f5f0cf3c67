package io.vmm4j.devices.virtio.balloon;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.LittleEndian;
import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The page numbers of a request as few ranges of guest RAM: sorted, each page once, neighbours joined. Page numbers
 * that are not RAM are left out. Filled again for each request; confined to the event loop.
 */
final class PfnRanges {

    private static final long U32_MASK = 0xFFFF_FFFFL;

    private final ByteBuffer bytes = LittleEndian.allocate(BalloonConstants.MAX_PFNS * Integer.BYTES);
    private final long[] pfns = new long[BalloonConstants.MAX_PFNS];
    private final long[] first = new long[BalloonConstants.MAX_PFNS];
    private final long[] pages = new long[BalloonConstants.MAX_PFNS];
    private int count;

    /**
     * Reads the le32 page numbers of {@code chain}, at most {@link BalloonConstants#MAX_PFNS}.
     *
     * @return how many of the numbers read are not RAM
     */
    int load(DescriptorChain chain, GuestMemory memory) {
        bytes.clear();
        ChainCopy.read(chain, bytes);
        bytes.flip();
        int valid = 0;
        int refused = 0;
        while (bytes.remaining() >= Integer.BYTES) {
            long pfn = bytes.getInt() & U32_MASK;
            if (memory.contains(pfn << BalloonConstants.PFN_SHIFT, BalloonConstants.PAGE_SIZE)) {
                pfns[valid++] = pfn;
            } else {
                refused++;
            }
        }
        Arrays.sort(pfns, 0, valid);
        join(valid);
        return refused;
    }

    private void join(int valid) {
        count = 0;
        for (int i = 0; i < valid; i++) {
            long end = count == 0 ? -1 : first[count - 1] + pages[count - 1];
            if (pfns[i] == end) {
                pages[count - 1]++;
            } else if (pfns[i] > end) {
                first[count] = pfns[i];
                pages[count] = 1;
                count++;
            }
        }
    }

    /** Number of ranges. */
    int count() {
        return count;
    }

    /** Guest-physical address of range {@code index}. */
    long gpa(int index) {
        return first[index] << BalloonConstants.PFN_SHIFT;
    }

    /** Bytes in range {@code index}. */
    long length(int index) {
        return pages[index] << BalloonConstants.PFN_SHIFT;
    }
}
