package io.vmm4j.core.boot;

import io.vmm4j.core.layout.AddressMap;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Reads the header of a bzImage and plans its load at 1 MiB, entered by the 64-bit boot protocol.
 *
 * <p>The kernel moves itself to where it wants to run and unpacks there, so what it needs of RAM is counted from that
 * address, not from the load address.
 */
final class BzImageLoader {

    private static final long ENTRY_64_OFFSET = 0x200;

    private BzImageLoader() {
    }

    static boolean recognizes(ByteBuffer start) {
        return SetupHeader.isPresent(start);
    }

    static LoadPlan plan(ImageFile file, long lowRamBytes) throws KernelImageException {
        if (file.size() < SetupHeader.MIN_IMAGE) {
            throw file.refuse("is a truncated bzImage: " + file.size() + " bytes, the header alone takes " + SetupHeader.MIN_IMAGE);
        }
        SetupHeader header = new SetupHeader(file.header(0, (int) Math.min(file.size(), SetupHeader.MAX_END)));
        if (header.version() < SetupHeader.VERSION_2_12) {
            throw file.refuse(String.format("is a bzImage of boot protocol %d.%02d; 2.12 or later is needed (Linux 3.8)",
                    header.version() >> Byte.SIZE, header.version() & 0xFF));
        }
        if (!header.hasEntry64() || !header.isLoadedHigh()) {
            throw file.refuse("is a bzImage without a 64-bit entry point: a kernel for 64-bit x86 is needed");
        }
        long missing = header.payloadOffset() + header.payloadSize() - file.size();
        if (missing > 0) {
            throw file.refuse("is a truncated bzImage: " + file.size() + " bytes, " + missing + " fewer than its header says");
        }
        if (header.payloadSize() <= ENTRY_64_OFFSET) {
            throw file.refuse("is a bzImage without code: its header says " + header.payloadSize() + " bytes");
        }
        long loadEnd = AddressMap.HIGH_RAM + header.payloadSize();
        long end = Math.max(loadEnd, runEnd(file, header));
        if (end > lowRamBytes) {
            throw KernelImage.tooLarge(file, end, lowRamBytes);
        }
        LoadPlan.Segment code = new LoadPlan.Segment(header.payloadOffset(), header.payloadSize(), AddressMap.HIGH_RAM, header.payloadSize());
        return new LoadPlan(KernelFormat.BZIMAGE, AddressMap.HIGH_RAM + ENTRY_64_OFFSET, end, List.of(code), header);
    }

    private static long runEnd(ImageFile file, SetupHeader header) throws KernelImageException {
        long alignment = header.kernelAlignment();
        if (Long.bitCount(alignment) != 1) {
            throw file.refuse("is a damaged bzImage: alignment 0x" + Long.toHexString(alignment) + " is not a power of two");
        }
        long preferred = header.prefAddress();
        if (preferred < 0 || preferred >= AddressMap.HOLE) {
            throw file.refuse("is a bzImage that runs at 0x" + Long.toHexString(preferred) + "; at most 0x"
                    + Long.toHexString(AddressMap.HOLE) + " is possible");
        }
        long runsAt = Math.max(preferred, AddressMap.HIGH_RAM + alignment - 1 & -alignment);
        return runsAt + header.initSize();
    }
}
