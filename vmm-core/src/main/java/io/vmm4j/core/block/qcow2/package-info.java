/**
 * qcow2 images, versions 2 and 3, as the format's public specification has them (QEMU, docs/interop/qcow2.txt): disks whose clusters are found by
 * two levels of tables, with counts of the references to each cluster, on backing files. All that comes from a file is taken for hostile.
 */
package io.vmm4j.core.block.qcow2;
