package io.vmm4j.core.block;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileStat;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.MemFd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A raw image, open and locked: a regular file or a block device, which differ in how they tell their size and give
 * ranges back. Thread-safe as the kernel is.
 */
public final class DiskFile implements AutoCloseable {

    private static final int SECTOR_SIZE = 512;
    private static final int MAX_BLOCK_SIZE = 65536;

    private final Fd fd;
    private final FileStat stat;
    private final int logicalSectorSize;
    private final int alignment;
    private final ImageVersion openedAs;
    private final boolean canDiscard;
    private final Object partialBlocks = new Object();
    private final Syncs syncs;

    private DiskFile(Fd fd, String name, boolean readOnly, int alignment) throws IOException {
        this.fd = fd;
        this.syncs = new Syncs(name);
        this.stat = fd.stat();
        this.openedAs = ImageVersion.of(fd, stat.isBlockDevice()); // before it is tried what the host can, which counts as a write
        this.alignment = alignment;
        this.logicalSectorSize = stat.isBlockDevice() ? fd.blockDeviceSectorSize() : 1;
        this.canDiscard = !readOnly && (stat.isBlockDevice() ? deviceDiscards() : canPunch());
    }

    /**
     * Opens an image and locks it: against everyone to write, against writers to read.
     *
     * @param direct past the host's page cache (O_DIRECT)
     * @throws ImageInUseException when somebody else's lock is in the way
     * @throws LinuxException      when the host refuses; with EINVAL when its file system has no direct I/O
     */
    public static DiskFile open(Path path, boolean readOnly, boolean direct) throws IOException {
        return open(path, readOnly, direct, 1);
    }

    /** As {@link #open(Path, boolean, boolean)}, of an image that this process has locked already. */
    public static DiskFile openUnlocked(Path path, boolean readOnly, boolean direct) throws IOException {
        return open(path, readOnly, direct, 1, false);
    }

    /** As {@link #open(Path, boolean, boolean)}, with an alignment of {@code leastAlignment} or more. */
    static DiskFile open(Path path, boolean readOnly, boolean direct, int leastAlignment) throws IOException {
        return open(path, readOnly, direct, leastAlignment, true);
    }

    private static DiskFile open(Path path, boolean readOnly, boolean direct, int leastAlignment, boolean lock) throws IOException {
        Fd fd = Fd.open(path, (readOnly ? Fd.O_RDONLY : Fd.O_RDWR) | (direct ? Fd.O_DIRECT : 0));
        try {
            if (lock) {
                ImageLock.take(fd, path, !readOnly);
            }
            return new DiskFile(fd, path.toString(), readOnly, Math.max(leastAlignment, direct ? DirectIo.alignmentOf(fd) : 1));
        } catch (IOException | RuntimeException | Error e) {
            fd.close();
            throw e;
        }
    }

    /**
     * Memory in place of a file: {@code size} zero bytes that take room as they are written, and are gone when it is closed.
     *
     * @param name as in MemFd
     */
    static DiskFile inMemory(String name, long size) throws IOException {
        MemFd memory = MemFd.createToGrow(name, size, 0);
        try {
            return new DiskFile(memory.fd(), name, false, 1);
        } catch (IOException e) {
            memory.close();
            throw e;
        }
    }

    /** The open image. */
    Fd fd() {
        return fd;
    }

    /** What the image, which nobody writes at the moment, is like: see {@link ImageVersion#settled}. */
    public ImageVersion settledVersion() throws IOException {
        return ImageVersion.settled(this);
    }

    /** What the image was like when it was opened. */
    public ImageVersion openedAs() {
        return openedAs;
    }

    /** What the image is like now. */
    public ImageVersion version() throws IOException {
        return ImageVersion.of(fd, stat.isBlockDevice());
    }

    /** Bytes in the image, now. */
    public long size() throws LinuxException {
        return stat.isBlockDevice() ? fd.blockDeviceSize() : fd.stat().size();
    }

    /** What identifies the image on this host: its device, special device and inode numbers, in decimal, one behind the other. */
    String id() {
        return "" + stat.device() + stat.specialDevice() + stat.inode();
    }

    /** Whether the file at {@code path} is this one, whatever it is called. */
    public boolean isAt(Path path) {
        try {
            return stat.inode() == (Long) Files.getAttribute(path, "unix:ino") && stat.device() == (Long) Files.getAttribute(path, "unix:dev");
        } catch (IOException e) {
            return false; // nothing is there
        }
    }

    /** What addresses, lengths and offsets must be multiples of, a power of two: 1 unless I/O is direct. */
    public int alignment() {
        return alignment;
    }

    /** Whether it is a host's block device, whose size is given. */
    public boolean isBlockDevice() {
        return stat.isBlockDevice();
    }

    /** Makes a regular file {@code size} bytes long; what is new reads as zeros and takes no room. */
    public void setSize(long size) throws LinuxException {
        fd.truncate(size);
    }

    /** What identifies the file among those of the host. */
    public String identity() {
        return stat.device() + ":" + stat.inode();
    }

    /** Held by whoever reads a block to write part of it back, or zeroes part of one. */
    Object partialBlocks() {
        return partialBlocks;
    }

    /** Bytes that the host writes at a time, below which it does extra work: a power of two from 512 to 65536. */
    public int blockSize() throws LinuxException {
        long size = stat.isBlockDevice() ? fd.blockDevicePhysicalSectorSize() : stat.blockSize();
        return Long.bitCount(size) == 1 ? (int) Math.max(SECTOR_SIZE, Math.min(size, MAX_BLOCK_SIZE)) : SECTOR_SIZE;
    }

    /** Fills a direct buffer, from its position to its limit, from byte {@code offset} on. */
    public void read(ByteBuffer target, long offset) throws IOException {
        new Transfer(this).read(new ByteBuffer[] {target}, 1, offset);
    }

    /** Whether {@link #discard} can be expected to give space back. Constant. */
    boolean canDiscard() {
        return canDiscard;
    }

    /** Gives the space of a range back where the host can. What the range reads as then is undefined. */
    void discard(long offset, long length) throws LinuxException {
        try {
            if (!stat.isBlockDevice()) {
                fd.punchHole(offset, length);
                return;
            }
            long from = Math.addExact(offset, logicalSectorSize - 1) / logicalSectorSize * logicalSectorSize;
            long to = (offset + length) / logicalSectorSize * logicalSectorSize;
            if (from < to) {
                fd.discardBlocks(from, to - from);
            }
        } catch (LinuxException e) {
            if (!isUnsupported(e)) {
                throw e;
            }
            // A discard is a hint: a host that cannot take it loses nothing.
        }
    }

    /**
     * Makes a range read as zeros without writing them out.
     *
     * @param mayUnmap whether its space may go back to the host
     * @return false when the host cannot; the range is unchanged then, or reads as zeros in part
     */
    boolean zero(long offset, long length, boolean mayUnmap) throws LinuxException {
        if (((offset | length) & alignment - 1) == 0) {
            return zeroRange(offset, length, mayUnmap);
        }
        // Somebody may be about to write the rest of a block back with what was here.
        synchronized (partialBlocks) {
            return zeroRange(offset, length, mayUnmap);
        }
    }

    private boolean zeroRange(long offset, long length, boolean mayUnmap) throws LinuxException {
        return mayUnmap && succeeds(() -> fd.punchHole(offset, length)) || succeeds(() -> {
            if (stat.isBlockDevice()) {
                fd.zeroBlocks(offset, length);
            } else {
                fd.zeroRange(offset, length);
            }
        });
    }

    /** Returns once all that was written is on stable storage; fails for good once it has failed. */
    void flush() throws LinuxException {
        syncs.run(fd::dataSync);
    }

    /** For one who syncs it in another way. */
    Syncs syncs() {
        return syncs;
    }

    /** The lock goes with the descriptor. A second call does nothing. */
    @Override
    public void close() {
        fd.close();
    }

    /** Tried beyond the end, where there is nothing to lose. */
    private boolean canPunch() throws LinuxException {
        long end = stat.size();
        return succeeds(() -> fd.punchHole(end, MAX_BLOCK_SIZE));
    }

    /** sysfs says how much the device can discard at a time, if any; for a partition its disk does. */
    private boolean deviceDiscards() {
        Path device = Path.of("/sys/dev/block/" + major(stat.specialDevice()) + ":" + minor(stat.specialDevice()));
        try {
            Path real = device.toRealPath();
            Path queue = Files.isDirectory(real.resolve("queue")) ? real : real.getParent();
            return !Files.readString(queue.resolve("queue/discard_max_bytes")).strip().equals("0");
        } catch (IOException e) {
            return false; // nothing is said of it: not offered to the guest
        }
    }

    /* The kernel's coding of device numbers in struct stat. */
    private static long major(long device) {
        return device >>> 8 & 0xFFF | device >>> 32 & 0xFFFF_F000L;
    }

    private static long minor(long device) {
        return device & 0xFF | device >>> 12 & 0xFFFF_FF00L;
    }

    private static boolean succeeds(HostCall call) throws LinuxException {
        try {
            call.run();
            return true;
        } catch (LinuxException e) {
            if (isUnsupported(e)) {
                return false;
            }
            throw e;
        }
    }

    /** EINVAL is what a block device says to a range that is not in whole sectors of its own. */
    private static boolean isUnsupported(LinuxException e) {
        return e.errno() == Errno.EOPNOTSUPP || e.errno() == Errno.ENOSYS || e.errno() == Errno.ENOTTY || e.errno() == Errno.EINVAL;
    }

    @FunctionalInterface
    private interface HostCall {
        void run() throws LinuxException;
    }
}
