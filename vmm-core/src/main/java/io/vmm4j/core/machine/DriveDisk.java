package io.vmm4j.core.machine;

import io.vmm4j.core.block.DiskFile;
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
final class DriveDisk implements DriveImages, AutoCloseable {

    private final DriveConfig config;
    private final boolean takesAnyImage;
    private final List<EpollEventLoop> queueLoops;
    private final Map<BlkBackend, DiskFile> open = new IdentityHashMap<>();
    private BlkBackend current;
    private boolean closed;

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
        open.put(backend, image.file());
        return backend;
    }

    /** What the drive is on. */
    synchronized BlkBackend current() {
        return current;
    }

    @Override
    public synchronized boolean isCurrent(Path image) {
        return !closed && open.get(current).isAt(image);
    }

    @Override
    public synchronized boolean isOpen(Path image) {
        return !closed && open.values().stream().anyMatch(file -> file.isAt(image));
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
        Problems problems = new Problems();
        DriveConfig next = config.withPath(image.toString()).withFormat(format == null ? config.format() : format);
        String key = "drives." + config.driveId();
        DiskImage opened = takesAnyImage ? DiskImage.openAgain(next, image, List.of(), key, problems) : DiskImage.open(next, key, problems);
        problems.throwIfAny();
        return add(opened);
    }

    @Override
    public synchronized void use(BlkBackend next) throws IOException {
        BlkBackend before = current;
        current = next;
        drop(before);
    }

    @Override
    public synchronized void drop(BlkBackend unused) throws IOException {
        open.remove(unused);
        unused.close();
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        for (BlkBackend backend : open.keySet()) {
            backend.close();
        }
    }
}
