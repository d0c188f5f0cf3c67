package io.vmm4j.core.block;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Mapping;
import io.vmm4j.kvm.libc.IoVec;

/** What O_DIRECT asks of addresses, lengths and offsets (open(2), NOTES). */
final class DirectIo {

    private static final int SMALLEST = 512;
    /** Of any file system or disk; a page of memory is aligned to it. */
    private static final int LARGEST = 4096;

    private DirectIo() {
    }

    /**
     * The alignment that an open image asks for, found out by reading its first bytes in ever larger pieces.
     *
     * @throws LinuxException when none of them can be read
     */
    static int alignmentOf(Fd fd) throws LinuxException {
        try (Mapping probe = Mapping.anonymous(2 * LARGEST)) {
            for (int alignment = SMALLEST; ; alignment *= 2) {
                try {
                    // At an odd multiple of the alignment, lest the page's own be taken for it.
                    fd.pread(probe.address() + alignment, alignment, 0);
                    return alignment;
                } catch (LinuxException e) {
                    if (e.errno() != Errno.EINVAL || alignment == LARGEST) {
                        throw e;
                    }
                }
            }
        }
    }

    /** Whether the pieces of {@code vector} can go to or come from {@code offset} as they are. */
    static boolean isAligned(DiskFile file, IoVec vector, long offset) {
        int alignment = file.alignment();
        return alignment == 1 || (offset & alignment - 1) == 0 && vector.isAligned(alignment);
    }
}
