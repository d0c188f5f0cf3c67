package io.vmm4j.core.machine;

import io.vmm4j.core.block.SharedDisk;

/**
 * What a drive's disk was when its machine stood still.
 *
 * @param state   which image it was on, or over
 * @param changes the image with what was written over it; {@code null} when the image alone has it all
 */
record FrozenDisk(DriveState state, SharedDisk changes) {
}
