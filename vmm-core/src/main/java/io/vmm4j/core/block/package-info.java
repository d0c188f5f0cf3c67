/**
 * Disk images on the host: opened, locked, read and written for the block devices of a machine. Raw images only, in
 * files and on block devices.
 */
package io.vmm4j.core.block;
