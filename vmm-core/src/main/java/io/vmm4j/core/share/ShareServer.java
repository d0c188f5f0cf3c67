package io.vmm4j.core.share;

import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.devices.virtio.fs.FileServer;
import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.FileCalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Serves folders of the host's to a guest. Files are known by descriptors that name them (O_PATH), and reached by single names from there: links are
 * the guest's to follow, and no name leads out of a folder, whatever others do to it meanwhile. A directory that others move out of the folder
 * stays what it was to a guest that knows it.
 *
 * <p>Thread-safe. Folders are mounted and unmounted by any thread.
 */
public final class ShareServer implements FileServer, AutoCloseable {

    private final ShareState state;
    private final NodeWork nodes;
    private final NameWork names;
    private final AttributeWork attributes;
    private final FileWork files;
    private final DirectoryWork directories;
    private final LockWork locks;
    private boolean isClosed;

    /**
     * @param config with the folder to begin with, if any
     * @throws IOException when that cannot be opened, or the host's /proc cannot be used
     */
    public ShareServer(ShareConfig config) throws IOException {
        this(config, new Descriptors());
    }

    ShareServer(ShareConfig config, Descriptors budget) throws IOException {
        state = new ShareState(config, budget);
        nodes = new NodeWork(state);
        names = new NameWork(state, nodes);
        attributes = new AttributeWork(state);
        files = new FileWork(state, nodes);
        directories = new DirectoryWork(state);
        locks = new LockWork(state, files);
        if (config.pathOnHost() != null) {
            try {
                mount(Path.of(config.pathOnHost()), "/", config.readOnly());
            } catch (IOException e) {
                close();
                throw e;
            }
        }
    }

    /**
     * Has a folder appear to the guest.
     *
     * @param place    a path in the share, "/" for all of it
     * @param readOnly whether the guest may change nothing in it, as in all of a share that is read-only
     * @throws IOException              when it cannot be opened
     * @throws IllegalArgumentException when there is something at {@code place}, or that is no path
     * @throws IllegalStateException    when the machine has ended
     */
    public synchronized void mount(Path folder, String place, boolean readOnly) throws IOException {
        List<String> parts = parts(place);
        if (isClosed) {
            throw new IllegalStateException("the machine has ended");
        }
        try {
            state.inodes.takeDescriptor();
        } catch (FsException e) {
            throw new IOException("this process has no descriptors left for a shared folder", e);
        }
        Folder opened;
        try {
            opened = Folder.open(folder, readOnly || state.config.readOnly(), state.config.privileged(), state.volumes);
        } catch (IOException e) {
            state.budget.give();
            throw e;
        }
        try {
            state.inodes.mount(opened, parts);
        } catch (IllegalArgumentException e) {
            opened.discard();
            state.budget.give();
            throw e;
        }
    }

    /**
     * Takes a folder away. What the guest has opened in it is closed.
     *
     * @throws IllegalArgumentException when there is none at {@code place}
     */
    public synchronized void unmount(String place) {
        Set<Long> gone = state.inodes.unmount(parts(place));
        if (gone.isEmpty()) {
            throw new IllegalArgumentException("nothing is mounted at \"" + place + "\"");
        }
        state.handles.removeAllOf(gone);
        state.owners.removeAllOf(gone);
    }

    private static List<String> parts(String place) {
        List<String> parts = Arrays.stream(place.split("/")).filter(part -> !part.isEmpty()).toList();
        boolean isPath = place.startsWith("/") && place.length() <= FileCalls.NAME_MAX && place.indexOf('\0') < 0
                && parts.stream().noneMatch(part -> part.equals(".") || part.equals(".."));
        if (!isPath) {
            throw new IllegalArgumentException("mountpoint \"" + place + "\" is not an absolute path without \".\" and \"..\"");
        }
        return parts;
    }

    /** Descriptors that are open for the guest. */
    int descriptors() {
        return state.budget.taken();
    }

    /** Files that the guest knows. */
    int known() {
        return state.inodes.size();
    }

    /** Closes all; nobody calls any more. */
    @Override
    public synchronized void close() {
        if (!isClosed) {
            isClosed = true;
            state.close();
        }
    }

    @Override
    public Policy policy() {
        ShareConfig config = state.config;
        return new Policy(config.writeback(), config.cache() == ShareConfig.Cache.ALWAYS, config.cache() == ShareConfig.Cache.AUTO, !config.readOnly());
    }

    @Override
    public void endSession() {
        state.owners.clear();
        state.handles.clear();
        state.inodes.forgetAll();
    }

    @Override
    public Entry lookup(long parent, byte[] name) throws FsException {
        return nodes.lookup(parent, name);
    }

    @Override
    public void forget(long node, long lookups) {
        state.inodes.forget(node, lookups);
    }

    @Override
    public Attributes attributes(long node, long handle) throws FsException {
        return nodes.attributes(node, handle);
    }

    @Override
    public Attributes change(long node, Change change) throws FsException {
        return nodes.change(node, change);
    }

    @Override
    public byte[] readLink(long node) throws FsException {
        return nodes.readLink(node);
    }

    @Override
    public Entry makeLink(Caller caller, long parent, byte[] name, byte[] target) throws FsException {
        return names.makeLink(caller, parent, name, target);
    }

    @Override
    public Entry makeNode(Caller caller, long parent, byte[] name, int mode, int device) throws FsException {
        return names.makeNode(caller, parent, name, mode, device);
    }

    @Override
    public Entry makeDirectory(Caller caller, long parent, byte[] name, int mode) throws FsException {
        return names.makeDirectory(caller, parent, name, mode);
    }

    @Override
    public void unlink(long parent, byte[] name) throws FsException {
        names.unlink(parent, name, 0);
    }

    @Override
    public void removeDirectory(long parent, byte[] name) throws FsException {
        names.unlink(parent, name, FileCalls.AT_REMOVEDIR);
    }

    @Override
    public void rename(long parent, byte[] name, long newParent, byte[] newName, int flags) throws FsException {
        names.rename(parent, name, newParent, newName, flags);
    }

    @Override
    public Entry link(long node, long newParent, byte[] newName) throws FsException {
        return names.link(node, newParent, newName);
    }

    @Override
    public Opened open(long node, int flags) throws FsException {
        return files.open(node, flags);
    }

    @Override
    public Created create(Caller caller, long parent, byte[] name, int mode, int flags) throws FsException {
        return files.create(caller, parent, name, mode, flags);
    }

    @Override
    public long read(long handle, long offset, ByteBuffer[] views, int count) throws FsException {
        return files.read(handle, offset, views, count);
    }

    @Override
    public long write(long handle, long offset, ByteBuffer[] views, int count, boolean appends, boolean dropsSetIds) throws FsException {
        return files.write(handle, offset, views, count, appends, dropsSetIds);
    }

    @Override
    public Statistics statistics(long node) throws FsException {
        return nodes.statistics(node);
    }

    @Override
    public void flush(long handle, long owner) throws FsException {
        locks.flush(handle, owner);
        files.flush(handle);
    }

    @Override
    public void release(long handle) {
        locks.released(handle);
        state.handles.remove(handle);
    }

    @Override
    public void sync(long handle, boolean dataOnly) throws FsException {
        files.sync(handle, dataOnly);
    }

    @Override
    public void setAttribute(long node, byte[] name, byte[] value, int flags) throws FsException {
        attributes.set(node, name, value, flags);
    }

    @Override
    public byte[] attribute(long node, byte[] name) throws FsException {
        return attributes.get(node, name);
    }

    @Override
    public byte[] attributeNames(long node) throws FsException {
        return attributes.names(node);
    }

    @Override
    public void removeAttribute(long node, byte[] name) throws FsException {
        attributes.remove(node, name);
    }

    @Override
    public Opened openDirectory(long node) throws FsException {
        return directories.open(node);
    }

    @Override
    public void readDirectory(long handle, long place, Names taker) throws FsException {
        directories.read(handle, place, taker);
    }

    @Override
    public Lock conflict(long handle, long owner, Lock lock) throws FsException {
        return locks.conflict(handle, owner, lock);
    }

    @Override
    public boolean lock(long handle, long owner, Lock lock, boolean ofFile) throws FsException {
        return locks.lock(handle, owner, lock, ofFile);
    }

    @Override
    public void access(long node, int mask) throws FsException {
        nodes.access(node, mask);
    }

    @Override
    public void allocate(long handle, long offset, long length, int mode) throws FsException {
        files.allocate(handle, offset, length, mode);
    }

    @Override
    public long seek(long handle, long offset, int whence) throws FsException {
        return files.seek(handle, offset, whence);
    }

    @Override
    public long copy(long from, long fromOffset, long to, long toOffset, long length) throws FsException {
        return files.copy(from, fromOffset, to, toOffset, length);
    }

    @Override
    public void syncAll(long node) throws FsException {
        nodes.syncAll(node);
    }
}
