package io.vmm4j.devices.virtio.fs;

import java.nio.ByteBuffer;

/**
 * The host's side of a file system device: the operations of FUSE, on nodes and handles by number. Names are the bytes of one part of
 * a path, without NUL; nothing else has been looked at. Numbers come from the guest, so any may be wrong.
 *
 * <p>Thread-safe: each queue of the device calls from its own thread. Calls may wait for the host's disks, and for nothing else. What cannot
 * be done throws an {@link FsException}.
 */
public interface FileServer {

    /** Stands for no handle. */
    long NO_HANDLE = -1;

    /** Who asks, in the guest's numbers. */
    record Caller(int uid, int gid, int pid) {
    }

    /**
     * What the guest may keep.
     *
     * @param writeback      writes may wait in the guest
     * @param cacheSymlinks  what symbolic links say may be kept
     * @param autoInvalidate a file whose time has changed is read again
     * @param locks          locks are asked for here; else they hold in the guest only
     */
    record Policy(boolean writeback, boolean cacheSymlinks, boolean autoInvalidate, boolean locks) {
    }

    /**
     * A node of whose names the guest has one more from now on, until it forgets it.
     *
     * @param validMillis how long the name and the attributes may be kept
     */
    record Entry(long node, FileAttributes attributes, long validMillis) {
    }

    /** Attributes, and how long they may be kept. */
    record Attributes(FileAttributes attributes, long validMillis) {
    }

    /** @param flags FOPEN bits of {@link FuseConstants} */
    record Opened(long handle, int flags) {
    }

    /** A file that was made and opened. */
    record Created(Entry entry, Opened opened) {
    }

    /**
     * struct fuse_setattr_in.
     *
     * @param valid  FATTR bits of {@link FuseConstants}: which fields count
     * @param handle an open handle, or {@link #NO_HANDLE}
     */
    record Change(int valid, long handle, long size, int mode, int uid, int gid, FileAttributes.FileTime atime, FileAttributes.FileTime mtime) {

        /** Whether any of {@code bits} is set. */
        public boolean has(int bits) {
            return (valid & bits) != 0;
        }
    }

    /** struct fuse_kstatfs; sizes in units of {@code fragmentSize} bytes. */
    record Statistics(long blocks, long free, long available, long files, long filesFree, int blockSize, int nameLength, int fragmentSize) {
    }

    /**
     * struct fuse_file_lock.
     *
     * @param start first byte
     * @param end   last byte; {@link Long#MAX_VALUE} for the end of the file
     * @param type  F_RDLCK 0, F_WRLCK 1 or F_UNLCK 2
     * @param pid   whose it is
     */
    record Lock(long start, long end, int type, int pid) {
    }

    /** Takes the names in a directory. */
    interface Names {

        /**
         * One more name.
         *
         * @param inode number that programs of the guest see
         * @param next  the place behind it, where another call may go on
         * @param type  DT_ number
         * @return false when there is no room for it, and it has not been taken
         */
        boolean add(long inode, long next, int type, byte[] name) throws FsException;
    }

    /** What is told at INIT. Constant. */
    Policy policy();

    /** The guest has left, or begins anew: no node but the root, no handle and no lock of its is left. Never fails. */
    void endSession();

    Entry lookup(long parent, byte[] name) throws FsException;

    /** Takes {@code lookups} back of what {@link #lookup} and others have given; without effect on what is not there. */
    void forget(long node, long lookups);

    Attributes attributes(long node, long handle) throws FsException;

    Attributes change(long node, Change change) throws FsException;

    byte[] readLink(long node) throws FsException;

    Entry makeLink(Caller caller, long parent, byte[] name, byte[] target) throws FsException;

    /** @param device in Linux' 32-bit form, for device nodes */
    Entry makeNode(Caller caller, long parent, byte[] name, int mode, int device) throws FsException;

    Entry makeDirectory(Caller caller, long parent, byte[] name, int mode) throws FsException;

    void unlink(long parent, byte[] name) throws FsException;

    void removeDirectory(long parent, byte[] name) throws FsException;

    /** @param flags RENAME_NOREPLACE 1, RENAME_EXCHANGE 2, or 0 */
    void rename(long parent, byte[] name, long newParent, byte[] newName, int flags) throws FsException;

    /** One more name for {@code node}. */
    Entry link(long node, long newParent, byte[] newName) throws FsException;

    /** @param flags O_ bits of x86-64 */
    Opened open(long node, int flags) throws FsException;

    /** Opens a file that is made where there is none. */
    Created create(Caller caller, long parent, byte[] name, int mode, int flags) throws FsException;

    /** Fills {@code views[0]} to {@code views[count - 1]}, each from position to limit, from byte {@code offset} on. Returns the bytes read: fewer at the file's end. */
    long read(long handle, long offset, ByteBuffer[] views, int count) throws FsException;

    /**
     * Writes the views.
     *
     * @param appends     at the end of the file, wherever that is by now, rather than at {@code offset}
     * @param dropsSetIds set-uid and set-gid bits of the file go with it
     * @return the bytes written
     */
    long write(long handle, long offset, ByteBuffer[] views, int count, boolean appends, boolean dropsSetIds) throws FsException;

    Statistics statistics(long node) throws FsException;

    /** A descriptor of the guest's is closed: locks of {@code owner} on the file go, and what became of earlier writes is told. */
    void flush(long handle, long owner) throws FsException;

    /** The last descriptor is closed: all locks that were taken by the handle go. */
    void release(long handle);

    void sync(long handle, boolean dataOnly) throws FsException;

    /** @param flags XATTR_CREATE 1, XATTR_REPLACE 2, or 0 */
    void setAttribute(long node, byte[] name, byte[] value, int flags) throws FsException;

    byte[] attribute(long node, byte[] name) throws FsException;

    /** The names, each with a NUL behind it. */
    byte[] attributeNames(long node) throws FsException;

    void removeAttribute(long node, byte[] name) throws FsException;

    Opened openDirectory(long node) throws FsException;

    /** Hands out the names from {@code place} on, 0 for the first, until {@code names} is full. */
    void readDirectory(long handle, long place, Names names) throws FsException;

    /** The lock in the way of {@code lock}, or one of type F_UNLCK. */
    Lock conflict(long handle, long owner, Lock lock) throws FsException;

    /**
     * Takes, changes or gives back a lock, without waiting.
     *
     * @param ofFile flock(2) on the open file, rather than fcntl(2) by {@code owner}
     * @return false when another is in the way
     */
    boolean lock(long handle, long owner, Lock lock, boolean ofFile) throws FsException;

    void access(long node, int mask) throws FsException;

    /** @param mode FALLOC_FL bits */
    void allocate(long handle, long offset, long length, int mode) throws FsException;

    /** @param whence SEEK_DATA 3 or SEEK_HOLE 4 */
    long seek(long handle, long offset, int whence) throws FsException;

    /** Returns the bytes copied. */
    long copy(long from, long fromOffset, long to, long toOffset, long length) throws FsException;

    /** All that was written to the file system of {@code node} is on stable storage. */
    void syncAll(long node) throws FsException;
}
