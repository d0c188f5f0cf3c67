package io.vmm4j.core.block;

import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.devices.virtio.blk.BlkIo;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Uring;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A raw image whose queues have many operations in flight, on an io_uring each. What is asked of the backend itself is done
 * as {@link DiskBackend} does it. Thread-safe. Owns the image.
 */
public final class UringBackend implements BlkBackend {

    private final DiskFile file;
    private final DiskBackend disk;
    private final List<EpollEventLoop> loops;
    private final List<UringIo> opened = new ArrayList<>();

    /**
     * @param file  closed with the backend
     * @param loops one a queue
     */
    public UringBackend(DiskFile file, List<EpollEventLoop> loops) {
        this.file = file;
        this.disk = new DiskBackend(file);
        this.loops = List.copyOf(loops);
    }

    /**
     * Finds out whether the host has io_uring and lets this process use it.
     *
     * @throws LinuxException ENOSYS or EPERM when not
     */
    public static void requireHost() throws LinuxException {
        Uring.create(1).close();
    }

    @Override
    public synchronized BlkIo openQueue(int queue, BlkIo.Listener listener) throws IOException {
        UringIo io = new UringIo(file, disk, loops.get(queue), listener);
        opened.add(io);
        return io;
    }

    @Override
    public long capacity() throws IOException {
        return disk.capacity();
    }

    @Override
    public String id() {
        return disk.id();
    }

    @Override
    public void read(ByteBuffer[] views, int count, long offset) throws IOException {
        disk.read(views, count, offset);
    }

    @Override
    public void write(ByteBuffer[] views, int count, long offset) throws IOException {
        disk.write(views, count, offset);
    }

    @Override
    public void flush() throws IOException {
        disk.flush();
    }

    @Override
    public boolean canDiscard() {
        return disk.canDiscard();
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        disk.discard(offset, length);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        disk.writeZeroes(offset, length, mayUnmap);
    }

    /** The loops have ended, or their queues are closed. */
    @Override
    public synchronized void close() {
        opened.forEach(UringIo::close);
        disk.close();
    }
}
