package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.MemoryHotplugBody;
import io.vmm4j.api.request.MmdsConfigBody;
import io.vmm4j.api.request.VmmAction;

/** Requests for what Firecracker has and this program has not: what is wrong with them as such comes first. */
final class AbsentDevices {

    private static final int LEAST_BLOCK_MIB = 2;
    private static final int LEAST_SLOT_MIB = 128;

    private AbsentDevices() {
    }

    static ApiException refusal(VmmAction action, Resources resources) {
        if (action instanceof VmmAction.InsertPmem insert) {
            boolean hasRoot = !resources.drives.all().isEmpty() && resources.drives.all().get(0).isRoot();
            return insert.body().rootDevice() && hasRoot ? new ApiException("Pmem config error: Attempt to add pmem as a root device while "
                    + "the root device defined as a block device") : Refusals.absent("Pmem config", "persistent memory is");
        }
        if (action instanceof VmmAction.SetMemoryHotplug set) {
            String wrong = wrong(set.body());
            return wrong == null ? Refusals.absent("Memory hotplug config", "memory hotplug is")
                    : new ApiException("Memory hotplug config error: " + wrong);
        }
        if (action instanceof VmmAction.SetMmdsConfig set) {
            String wrong = wrong(set.body(), resources);
            return wrong == null ? Refusals.absent("MMMDS config", "the microVM metadata service is")
                    : new ApiException("MMMDS config error: " + wrong);
        }
        throw new IllegalStateException("no rule for " + action);
    }

    private static String wrong(MemoryHotplugBody body) {
        long block = body.blockSizeMib();
        long slot = body.slotSizeMib();
        long total = body.totalSizeMib();
        if (Long.compareUnsigned(block, LEAST_BLOCK_MIB) < 0) {
            return "Block size must not be lower than " + LEAST_BLOCK_MIB + " MiB";
        }
        if (Long.bitCount(block) != 1) {
            return "Block size must be a power of 2";
        }
        if (Long.compareUnsigned(slot, LEAST_SLOT_MIB) < 0) {
            return "Slot size must not be lower than " + LEAST_SLOT_MIB + " MiB";
        }
        if (Long.remainderUnsigned(slot, block) != 0) {
            return "Slot size must be a multiple of block size (" + Long.toUnsignedString(block) + " MiB)";
        }
        if (Long.compareUnsigned(total, slot) < 0) {
            return "Total size must not be lower than slot size (" + Long.toUnsignedString(slot) + " MiB)";
        }
        return Long.remainderUnsigned(total, slot) == 0 ? null
                : "Total size must be a multiple of slot size (" + Long.toUnsignedString(slot) + " MiB)";
    }

    private static String wrong(MmdsConfigBody body, Resources resources) {
        if (body.ipv4Address() != null && !isLinkLocal(body.ipv4Address())) {
            return "The MMDS IPv4 address is not link local.";
        }
        if (body.networkInterfaces().isEmpty()) {
            return "The list of network interface IDs that allow forwarding MMDS requests is empty.";
        }
        for (String id : body.networkInterfaces()) {
            if (resources.networks.get(id) == null) {
                return "The list of network interface IDs provided contains at least one ID that does not correspond to any existing "
                        + "network interface.";
            }
        }
        return null;
    }

    private static boolean isLinkLocal(String address) {
        return address.startsWith("169.254.") && !address.startsWith("169.254.0.") && !address.startsWith("169.254.255.");
    }
}
