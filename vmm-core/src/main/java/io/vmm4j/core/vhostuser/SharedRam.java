package io.vmm4j.core.vhostuser;

import io.vmm4j.kvm.libc.Fd;
import java.util.List;

/**
 * A guest's RAM as other processes can map it.
 *
 * @param file    it is in; whoever made this closes it
 * @param regions where in the guest its parts are
 */
public record SharedRam(Fd file, List<Region> regions) {

    /**
     * A part of the RAM.
     *
     * @param gpa    guest-physical address of the first byte
     * @param length bytes
     * @param offset of the first byte in the file
     */
    public record Region(long gpa, long length, long offset) {
    }

    public SharedRam {
        regions = List.copyOf(regions);
    }
}
