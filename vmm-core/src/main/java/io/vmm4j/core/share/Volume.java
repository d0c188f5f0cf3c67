package io.vmm4j.core.share;

import io.vmm4j.kvm.libc.InodeStatus;

/**
 * A file system of the host's as far as it is in a folder.
 *
 * @param table  where its files are
 * @param folder {@code null} for the share's own directories
 * @param device number that the host has for it
 * @param prefix what keeps its files' numbers apart from those of others in the share
 * @param tells  whether when a file was made can be believed: a file of an overlay is made once more when it is first written to
 */
record Volume(InodeTable table, Folder folder, long device, int prefix, boolean tells) {

    /** Of the share's own directories. */
    static final int OWN = 0xFFFF;
    private static final int SHIFT = 48;

    /** The number that programs of the guest see for a file. */
    long shown(long inode) {
        return inode ^ (long) prefix << SHIFT;
    }

    /** When a file was made, 0 where that cannot be told. */
    long birth(InodeStatus status) {
        return tells ? status.birth() : 0;
    }

    /** Of identity: there is one of each. */
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
