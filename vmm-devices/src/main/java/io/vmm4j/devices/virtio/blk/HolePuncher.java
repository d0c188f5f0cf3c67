package io.vmm4j.devices.virtio.blk;

import java.io.IOException;

/** Deallocates a range of a file, which then reads as zeroes: fallocate with FALLOC_FL_PUNCH_HOLE, which Java does not have. */
@FunctionalInterface
public interface HolePuncher {

    /** Deallocates bytes [offset, offset + length). The file keeps its size. Thread-safe. */
    void punch(long offset, long length) throws IOException;
}
