/**
 * The file server of shared folders: what a file system device of the guest's sees is carried out on the host's files, and on nothing that is
 * not below the folders shared. Knows of the device no more than {@link io.vmm4j.devices.virtio.fs.FileServer}.
 */
package io.vmm4j.core.share;
