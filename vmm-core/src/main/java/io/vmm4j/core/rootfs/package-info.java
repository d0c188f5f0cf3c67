/**
 * Root file systems from directories, archives and container images: what they hold becomes a {@link io.vmm4j.core.rootfs.Tree} in memory and
 * numbered files in a {@link io.vmm4j.core.rootfs.Stage}, and of these e2fsprogs makes an ext4 image, which is kept in the user's cache. Nothing is
 * made on the host by a name that an archive chooses.
 *
 * <p>Names, link targets and the names of attributes are bytes; here they are strings with a character for each byte (ISO 8859-1).
 */
package io.vmm4j.core.rootfs;
