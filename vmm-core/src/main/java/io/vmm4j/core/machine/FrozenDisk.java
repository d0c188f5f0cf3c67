package io.vmm4j.core.machine;

import io.vmm4j.core.block.DiskFreeze;

/**
 * What a drive's disk is while its machine stands still.
 *
 * @param state   which image it is on, or over
 * @param changes of the image with what was written over it; {@code null} when the image alone has it all
 */
record FrozenDisk(DriveState state, DiskFreeze changes) {
}
