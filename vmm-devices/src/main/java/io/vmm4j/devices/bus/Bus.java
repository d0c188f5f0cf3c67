package io.vmm4j.devices.bus;

import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The port-I/O or the memory-mapped bus: hands each access to the device whose window holds all of it.
 *
 * <p>What no window holds wholly reads as all ones and is dropped on writes, as on a PC whose bus nobody drives; each
 * such address is logged once, up to {@value UnclaimedAddresses#LIMIT} of them: as a warning, but at debug level where
 * guests are known to look for a device.
 *
 * <p>Immutable and lock-free; made by {@link BusBuilder}. An access allocates nothing.
 */
public final class Bus {

    private static final Logger LOG = LoggerFactory.getLogger(Bus.class);

    private final String name;
    /** Sorted; the sign bit is flipped, so that the signed comparison orders unsigned addresses. */
    private final long[] flippedBases;
    private final long[] lengths;
    private final BusDevice[] devices;
    private final List<BusRange> probed;
    private final UnclaimedAddresses unclaimed = new UnclaimedAddresses();
    private final UnclaimedAddresses unclaimedProbed = new UnclaimedAddresses();

    /**
     * @param windows sorted by unsigned base, without overlaps
     * @param probed  where guests are known to look for devices
     */
    Bus(String name, List<BusBuilder.Window> windows, List<BusRange> probed) {
        this.name = name;
        this.probed = List.copyOf(probed);
        this.flippedBases = windows.stream().mapToLong(window -> flip(window.range().base())).toArray();
        this.lengths = windows.stream().mapToLong(window -> window.range().length()).toArray();
        this.devices = windows.stream().map(BusBuilder.Window::device).toArray(BusDevice[]::new);
    }

    /**
     * Reads from the device at {@code address}.
     *
     * @param address unsigned bus address
     * @param width   bytes: 1, 2, 4 or 8
     * @return the value, zero-extended; all ones of the width where no device answers
     */
    public long read(long address, int width) {
        int window = find(address, width);
        if (window < 0) {
            noteUnclaimed("read", address, width);
            return mask(width);
        }
        return devices[window].read(address - flip(flippedBases[window]), width) & mask(width);
    }

    /**
     * Writes to the device at {@code address}; dropped where no device answers.
     *
     * @param address unsigned bus address
     * @param width   bytes: 1, 2, 4 or 8
     * @param value   the value; bits above {@code width} bytes are cut off
     */
    public void write(long address, int width, long value) {
        int window = find(address, width);
        if (window < 0) {
            noteUnclaimed("write", address, width);
            return;
        }
        devices[window].write(address - flip(flippedBases[window]), width, value & mask(width));
    }

    /** True when one device claims all of the {@code width} bytes at {@code address}. */
    public boolean isClaimed(long address, int width) {
        return find(address, width) >= 0;
    }

    /** Distinct unclaimed addresses that were warned of so far, up to {@value UnclaimedAddresses#LIMIT}. */
    public int unclaimedCount() {
        return unclaimed.count();
    }

    /** The index of the window that holds the whole access, or -1. */
    private int find(long address, int width) {
        long key = flip(address);
        int low = 0;
        int high = flippedBases.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (flippedBases[middle] <= key) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        if (high < 0 || width <= 0) {
            return -1;
        }
        long offset = key - flippedBases[high];
        boolean inside = Long.compareUnsigned(offset, lengths[high]) < 0
            && Long.compareUnsigned(width, lengths[high] - offset) <= 0;
        return inside ? high : -1;
    }

    private void noteUnclaimed(String access, long address, int width) {
        boolean isProbe = isProbed(address);
        UnclaimedAddresses known = isProbe ? unclaimedProbed : unclaimed;
        if (!known.add(address)) {
            return;
        }
        String hex = Long.toHexString(address);
        String limit = known.count() == UnclaimedAddresses.LIMIT ? "; further addresses are not logged" : "";
        if (isProbe) {
            LOG.debug("{}: no device answers a {} of {} bytes at 0x{}, as guests look for one{}", name, access, width, hex, limit);
        } else {
            LOG.warn("{}: no device answers a {} of {} bytes at 0x{}{}", name, access, width, hex, limit);
        }
    }

    private boolean isProbed(long address) {
        for (int i = 0; i < probed.size(); i++) {
            if (probed.get(i).contains(address, 1)) {
                return true;
            }
        }
        return false;
    }

    private static long flip(long address) {
        return address ^ Long.MIN_VALUE;
    }

    private static long mask(int width) {
        return width >= Long.BYTES ? -1L : (1L << (Math.max(width, 0) * Byte.SIZE)) - 1;
    }
}
