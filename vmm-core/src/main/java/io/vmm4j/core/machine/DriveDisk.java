package io.vmm4j.core.machine;

import io.vmm4j.core.block.ForkedDisk;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.core.control.DriveImages;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** What a drive of a machine is on, and what it may be put on; closes all of it at the machine's end. Thread-safe. */
final class DriveDisk implements DriveImages, ChangeStop.Changes, AutoCloseable {

    private final DriveConfig config;
    private final boolean takesAnyImage;
    private final List<EpollEventLoop> queueLoops;
    private final Map<BlkBackend, DiskImage> open = new IdentityHashMap<>();
    private BlkBackend current;
    private boolean closed;
    private boolean isStopped;

    /**
     * @param image      what the drive is on first; owned from here on
     * @param queueLoops one a queue
     * @throws IOException when the host has no memory for an overlay; the image is open then
     */
    DriveDisk(DiskImage image, List<EpollEventLoop> queueLoops) throws IOException {
        this.config = image.config();
        this.takesAnyImage = image.takenAsIs();
        this.queueLoops = queueLoops;
        this.current = add(image);
    }

    private BlkBackend add(DiskImage image) throws IOException {
        BlkBackend backend = image.toBackend(queueLoops);
        open.put(backend, image);
        return backend;
    }

    /** What the drive is on. */
    synchronized BlkBackend current() {
        return current;
    }

    /** The drive as it is configured, on the image that it is on. */
    synchronized DriveConfig config() {
        return open.get(current).config();
    }

    /** The image that the drive may go over to is open until it has, or stays where it is. */
    @Override
    public synchronized String stop() {
        if (open.size() > 1) {
            return "a change of drive " + config.driveId() + "'s image";
        }
        isStopped = true;
        return null;
    }

    @Override
    public synchronized void goOn() {
        isStopped = false;
    }

    /** Whether a snapshot can have the disk that the drive is on. */
    synchronized boolean isSaved() {
        return open.get(current).isSaved();
    }

    /** The disk as it is, on the medium where its writes go to the image; where they go to memory, see {@link ForkedDisk#freeze}. The drive stands still. */
    synchronized FrozenDisk freeze() throws IOException {
        DiskImage image = open.get(current);
        if (current instanceof ForkedDisk forked) {
            return new FrozenDisk(new DriveState(image.file().version()), forked.freeze());
        }
        if (!config.isReadOnly()) {
            current.flush();
        }
        return new FrozenDisk(new DriveState(config.isReadOnly() ? image.file().version() : image.file().settledVersion()), null);
    }

    /** Why the disk cannot be put back to {@code state}, in words that go on its name; {@code null} when it can. */
    synchronized String whyNotReset(DriveState state) throws IOException {
        DiskImage image = open.get(current);
        boolean isUnknown = image.file().isBlockDevice() && !config.isReadOnly(); // which tells no time of its last write
        return current instanceof ForkedDisk || !isUnknown && image.file().version().equals(state.image()) ? null
                : isUnknown ? "writes to block device " + image.config().pathOnHost() + ", which cannot be undone"
                : "has been written on image " + image.config().pathOnHost() + ", which cannot be undone";
    }

    /**
     * Undoes what has been written; the drive stands still.
     *
     * @param isOrigin since the machine began, else since it stood still the last time
     */
    synchronized void reset(boolean isOrigin) throws IOException {
        if (current instanceof ForkedDisk forked) {
            forked.reset(isOrigin);
        }
    }

    @Override
    public synchronized boolean isCurrent(Path image) {
        return !closed && open.get(current).file().isAt(image);
    }

    @Override
    public synchronized boolean isOpen(Path image) {
        return !closed && open.values().stream().anyMatch(other -> other.file().isAt(image));
    }

    @Override
    public BlkBackend open(Path image) throws ConfigException, IOException {
        return open(image, null);
    }

    @Override
    public synchronized BlkBackend open(Path image, DriveConfig.Format format) throws ConfigException, IOException {
        if (closed) {
            throw new IOException("the machine has ended, or drive " + config.driveId() + " was removed from it");
        }
        if (isStopped) {
            throw new IOException("drive " + config.driveId() + ": " + ChangeStop.WHY);
        }
        Problems problems = new Problems();
        DriveConfig next = config.withPath(image.toString()).withFormat(format == null ? config.format() : format);
        String key = "drives." + config.driveId();
        DiskImage opened = takesAnyImage ? DiskImage.openAgain(next, image, List.of(), key, problems) : DiskImage.open(next, key, problems);
        problems.throwIfAny();
        try {
            return add(opened);
        } catch (IOException | RuntimeException | Error e) {
            opened.close();
            throw e;
        }
    }

    @Override
    public synchronized void use(BlkBackend next) throws IOException {
        BlkBackend before = current;
        current = next;
        drop(before);
    }

    @Override
    public synchronized void drop(BlkBackend unused) throws IOException {
        DiskImage image = open.remove(unused);
        unused.close();
        image.close();
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        for (Map.Entry<BlkBackend, DiskImage> each : open.entrySet()) {
            each.getKey().close();
            each.getValue().close();
        }
    }
}
