package io.vmm4j.devices.virtio.fs;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A file server with one file, which is node 2 and every handle, and is whatever was written to it last; all else it does is count. */
final class FakeFiles implements FileServer {

    private static final FileAttributes.FileTime TIME = new FileAttributes.FileTime(1, 2);
    private static final int MOST = 1 << 16;

    byte[] content = new byte[0];
    long lookups;
    int sessionsEnded;
    boolean isLocked;
    /** Names of a directory that are told before it fails. */
    int namesBeforeFailure = Integer.MAX_VALUE;
    Policy policy = new Policy(false, false, true, true);

    static FileAttributes attributesOf(long size) {
        return new FileAttributes(77, size, 8, 0100644, 1, 1000, 1001, 0, 4096, TIME, TIME, TIME);
    }

    private Entry entry() {
        lookups++;
        return new Entry(2, attributesOf(content.length), 1500);
    }

    private static void require(long node) throws FsException {
        if (node != 1 && node != 2) {
            throw new FsException(116);
        }
    }

    @Override
    public Policy policy() {
        return policy;
    }

    @Override
    public void endSession() {
        sessionsEnded++;
        lookups = 0;
    }

    @Override
    public Entry lookup(long parent, byte[] name) throws FsException {
        require(parent);
        if (name[0] == 'x') {
            throw new FsException(2);
        }
        return entry();
    }

    @Override
    public void forget(long node, long count) {
        lookups -= node == 2 ? count : 0;
    }

    @Override
    public Attributes attributes(long node, long handle) throws FsException {
        require(node);
        return new Attributes(attributesOf(content.length), 1500);
    }

    @Override
    public Attributes change(long node, Change change) throws FsException {
        return attributes(node, change.handle());
    }

    @Override
    public byte[] readLink(long node) {
        return new byte[] {'t', 'o'};
    }

    @Override
    public Entry makeLink(Caller caller, long parent, byte[] name, byte[] target) {
        return entry();
    }

    @Override
    public Entry makeNode(Caller caller, long parent, byte[] name, int mode, int device) {
        return entry();
    }

    @Override
    public Entry makeDirectory(Caller caller, long parent, byte[] name, int mode) {
        return entry();
    }

    @Override
    public void unlink(long parent, byte[] name) throws FsException {
        require(parent);
    }

    @Override
    public void removeDirectory(long parent, byte[] name) throws FsException {
        require(parent);
    }

    @Override
    public void rename(long parent, byte[] name, long newParent, byte[] newName, int flags) throws FsException {
        require(parent);
    }

    @Override
    public Entry link(long node, long newParent, byte[] newName) {
        return entry();
    }

    @Override
    public Opened open(long node, int flags) {
        return new Opened(9, FuseConstants.FOPEN_KEEP_CACHE);
    }

    @Override
    public Created create(Caller caller, long parent, byte[] name, int mode, int flags) {
        return new Created(entry(), open(2, flags));
    }

    @Override
    public long read(long handle, long offset, ByteBuffer[] views, int count) throws FsException {
        if (offset < 0) {
            throw new FsException(22);
        }
        long at = offset;
        for (int i = 0; i < count && at < content.length; i++) {
            int part = (int) Math.min(views[i].remaining(), content.length - at);
            views[i].put(content, (int) at, part);
            at += part;
        }
        return Math.max(0, at - offset);
    }

    @Override
    public long write(long handle, long offset, ByteBuffer[] views, int count, boolean appends, boolean dropsSetIds) throws FsException {
        if (offset < 0 || offset > MOST) {
            throw new FsException(27);
        }
        byte[] all = Arrays.copyOf(content, (int) offset);
        for (int i = 0; i < count && all.length < MOST; i++) {
            int start = all.length;
            int part = Math.min(views[i].remaining(), MOST - start);
            all = Arrays.copyOf(all, start + part);
            views[i].get(all, start, part);
        }
        content = all;
        return all.length - offset;
    }

    @Override
    public Statistics statistics(long node) {
        return new Statistics(1, 2, 3, 4, 5, 6, 7, 8);
    }

    @Override
    public void flush(long handle, long owner) {
        isLocked = false;
    }

    @Override
    public void release(long handle) {
        isLocked = false;
    }

    @Override
    public void sync(long handle, boolean dataOnly) throws FsException {
        require(handle);
    }

    @Override
    public void setAttribute(long node, byte[] name, byte[] value, int flags) throws FsException {
        require(node);
    }

    @Override
    public byte[] attribute(long node, byte[] name) {
        return content;
    }

    @Override
    public byte[] attributeNames(long node) {
        return new byte[] {'n', 0};
    }

    @Override
    public void removeAttribute(long node, byte[] name) throws FsException {
        require(node);
    }

    @Override
    public Opened openDirectory(long node) {
        return open(node, 0);
    }

    @Override
    public void readDirectory(long handle, long place, Names names) throws FsException {
        for (long next = Math.max(0, place) + 1; next < 1000; next++) {
            if (next > namesBeforeFailure) {
                throw new FsException(5);
            }
            if (!names.add(77, next, 8, ("name" + next).getBytes(StandardCharsets.US_ASCII))) {
                return;
            }
        }
    }

    @Override
    public Lock conflict(long handle, long owner, Lock lock) {
        return lock;
    }

    @Override
    public boolean lock(long handle, long owner, Lock lock, boolean ofFile) {
        boolean isFree = !isLocked || lock.type() == 2;
        isLocked = lock.type() != 2;
        return isFree;
    }

    @Override
    public void access(long node, int mask) throws FsException {
        require(node);
    }

    @Override
    public void allocate(long handle, long offset, long length, int mode) throws FsException {
        require(handle);
    }

    @Override
    public long seek(long handle, long offset, int whence) {
        return offset;
    }

    @Override
    public long copy(long from, long fromOffset, long to, long toOffset, long length) {
        return length;
    }

    @Override
    public void syncAll(long node) throws FsException {
        require(node);
    }
}
