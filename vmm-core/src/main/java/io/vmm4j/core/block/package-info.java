/**
 * Disk images on the host: opened, locked, read and written for the block devices of a machine: raw images in files and on block devices,
 * and disks in memory over others that are only read.
 */
package io.vmm4j.core.block;
