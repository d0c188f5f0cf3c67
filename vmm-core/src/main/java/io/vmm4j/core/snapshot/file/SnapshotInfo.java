package io.vmm4j.core.snapshot.file;

import java.time.Instant;
import java.util.Optional;

/**
 * What a snapshot says of itself.
 *
 * @param id          its own
 * @param base        of a diff, the id of the snapshot that it is a diff to; empty of a full one
 * @param created     when it was taken, to the millisecond
 * @param program     the version of vmm4j that wrote it
 * @param format      the format of its state file
 * @param label       what it is of
 * @param memoryBytes the guest's RAM
 * @param usedBytes   of it, what is in pages that are not all zeros and in this snapshot: what the memory file takes
 */
public record SnapshotInfo(SnapshotId id, Optional<SnapshotId> base, Instant created, String program, int format, SnapshotLabel label,
        long memoryBytes, long usedBytes) {

    /** Whether its memory is only what was written since another one's. */
    public boolean isDiff() {
        return base.isPresent();
    }
}
