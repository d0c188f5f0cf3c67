/**
 * The files of a snapshot: a state file and a sparse memory file, in a directory that is complete or is not there, or at two places of
 * their own. {@link io.vmm4j.core.snapshot.file.SnapshotWriter} writes them, {@link io.vmm4j.core.snapshot.file.SnapshotReader} reads them,
 * {@link io.vmm4j.core.snapshot.file.SnapshotMerge} makes one of a base and its diffs. Knows neither KVM nor a machine. What is read here is
 * anybody's: it is refused in one line that names the file, or it is as the file says, with bounds on everything.
 */
package io.vmm4j.core.snapshot.file;
