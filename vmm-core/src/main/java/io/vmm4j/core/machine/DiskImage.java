package io.vmm4j.core.machine;

import io.vmm4j.core.block.DiskBackend;
import io.vmm4j.core.block.DiskFile;
import io.vmm4j.core.block.ImageInUseException;
import io.vmm4j.core.block.SharedDisk;
import io.vmm4j.core.block.UringBackend;
import io.vmm4j.core.block.qcow2.Qcow2Exception;
import io.vmm4j.core.block.qcow2.Qcow2Image;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.core.format.FileFormat;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.devices.virtio.blk.BlkConfig;
import io.vmm4j.devices.virtio.blk.CacheType;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * A disk image, opened, locked and found fit to be a drive. Owns its file until the drive takes it over.
 *
 * @param config             the drive it is for
 * @param file               open for reading, and for writing unless the drive is read-only or its writes go to memory
 * @param content            what its bytes are to the drive
 * @param capacity           bytes, a multiple of 512
 * @param hasPartitionTable  whether it begins with a partition table
 * @param takenAsIs          whether the drive takes images of any size and format, see {@link io.vmm4j.core.host.OpenedFiles}
 */
record DiskImage(DriveConfig config, DiskFile file, DiskContent content, long capacity, boolean hasPartitionTable, boolean takenAsIs)
        implements AutoCloseable {

    private static final int SECTOR = 512;
    /** What the name of an image of which nothing else is said tells, and no guest can change. */
    private static final String QCOW2_SUFFIX = ".qcow2";

    /** The file type bits of a mode, and a block device's. */
    private static final int S_IFMT = 0170000;
    private static final int S_IFBLK = 0060000;

    /** Offset of the four 16-byte entries of a master boot record. */
    private static final int MBR_ENTRIES = 446;
    private static final int MBR_ENTRY_LENGTH = 16;
    private static final int MBR_SIGNATURE_OFFSET = 510;
    private static final int MBR_SIGNATURE = 0xAA55;

    /**
     * Opens the image of {@code config}.
     *
     * @param key      the drive's configuration key, to name problems by
     * @param problems takes what is wrong with it
     * @return the image, or {@code null} after a problem was noted
     * @throws IOException when the host has too few descriptors left, or too little memory, to look at it
     */
    static DiskImage open(DriveConfig config, String key, Problems problems) throws IOException {
        return open(config, Path.of(config.pathOnHost()), null, config.isReadOnly(), key, problems);
    }

    /** As {@link #open}, of an image that is only read whatever the drive may do. */
    static DiskImage openBase(DriveConfig config, String key, Problems problems) throws IOException {
        return open(config, Path.of(config.pathOnHost()), null, true, key, problems);
    }

    /**
     * Opens the image of {@code config}, which is at {@code place}, and takes it as it is.
     *
     * @param others images of other drives of the machine, which need not be other images
     */
    static DiskImage openAgain(DriveConfig config, Path place, List<DiskImage> others, String key, Problems problems) throws IOException {
        return open(config, place, others, config.isReadOnly(), key, problems);
    }

    /** @param others {@code null} unless the image is taken as it is */
    private static DiskImage open(DriveConfig config, Path place, List<DiskImage> others, boolean readOnly, String key, Problems problems)
            throws IOException {
        Path path = Path.of(config.pathOnHost());
        String field = key + ".path_on_host";
        if (Files.isDirectory(place)) {
            problems.add(field, "disk image " + path + " is a directory");
            return null;
        }
        if (!hasEngine(config, key, problems)) {
            return null;
        }
        try {
            return inspect(config, place, others, readOnly, key, problems);
        } catch (ImageInUseException e) {
            problems.add(field, "disk image " + path + " is " + e.getMessage());
        } catch (Qcow2Exception e) {
            boolean isNameWrong = config.format() == null && e.getMessage().equals("is not a qcow2 image");
            problems.add(field, "disk image " + path + " " + e.getMessage()
                    + (isNameWrong ? ", as its name says: with format \"raw\" it is taken as it is" : ""));
        } catch (LinuxException e) {
            Shortage.rethrow(e);
            if (config.isDirect() && e.errno() == Errno.EINVAL) {
                problems.add(key + ".is_direct", "disk image " + path + " is on a file system without direct I/O");
                return null;
            }
            problems.add(field, "disk image " + path + (e.errno() == Errno.ENOENT ? " does not exist"
                    : " cannot be opened for " + (readOnly ? "reading" : "writing") + ": " + Errno.message(e.errno())));
        } catch (IOException e) {
            Shortage.rethrow(e);
            problems.add(field, "disk image " + path + " cannot be read: " + e.getMessage());
        }
        return null;
    }

    private static boolean hasEngine(DriveConfig config, String key, Problems problems) throws IOException {
        if (config.ioEngine() != DriveConfig.IoEngine.Async) {
            return true;
        }
        try {
            UringBackend.requireHost();
            return true;
        } catch (LinuxException e) {
            Shortage.rethrow(e);
            problems.add(key + ".io_engine", "engine Async needs io_uring, which this host "
                    + (e.errno() == Errno.ENOSYS ? "does not have" : "does not allow") + " (" + e.getMessage() + "): use Sync");
            return false;
        }
    }

    private static DiskImage inspect(DriveConfig config, Path place, List<DiskImage> others, boolean readOnly, String key, Problems problems)
            throws IOException {
        Path path = Path.of(config.pathOnHost());
        String field = key + ".path_on_host";
        if (Files.exists(place) && !Files.isRegularFile(place) && !isBlockDevice(place)) {
            problems.add(field, "disk image " + path + " is neither a file nor a block device");
            return null;
        }
        boolean takenAsIs = others != null;
        if (!takenAsIs && isQcow2(config)) {
            return inspectQcow2(config, place, key, problems);
        }
        boolean isLookedAt = !takenAsIs && config.format() != DriveConfig.Format.RAW;
        if (isLookedAt && isForeign(place, path, field, problems)) {
            return null;
        }
        boolean isLocked = takenAsIs && others.stream().anyMatch(other -> other.file().isAt(place));
        DiskFile file = isLocked ? DiskFile.openUnlocked(place, readOnly, config.isDirect())
                : DiskFile.open(place, readOnly || config.overlay() != null, config.isDirect());
        try {
            long size = file.size();
            if (takenAsIs) {
                return new DiskImage(config, file, new DiskContent.Raw(file), size, false, true);
            }
            // Once more: another file may have come to that name.
            FileFormat format = isLookedAt ? formatOf(file, size) : null;
            if (format != null) {
                problems.add(field, refusal(path, format));
                file.close();
                return null;
            }
            if (size == 0 || size % SECTOR != 0) {
                problems.add(field, "disk image " + path + " of " + size + " bytes is not a positive multiple of " + SECTOR);
                file.close();
                return null;
            }
            if (size % file.alignment() != 0) {
                problems.add(key + ".is_direct", "disk image " + path + " of " + size + " bytes is not a multiple of the "
                        + file.alignment() + " bytes that direct I/O moves at a time on its file system");
                file.close();
                return null;
            }
            DiskImage image = new DiskImage(config, file, new DiskContent.Raw(file), size, beginsWithPartitionTable(read(file, 0, SECTOR)), false);
            return DiskOverlay.on(image, place, key, problems);
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    /** Whether the configuration, or where that says nothing the name, has it that the image is a qcow2 one. */
    private static boolean isQcow2(DriveConfig config) {
        return config.format() == null ? config.pathOnHost().toLowerCase(Locale.ROOT).endsWith(QCOW2_SUFFIX)
                : config.format() == DriveConfig.Format.QCOW2;
    }

    private static boolean isBaseReadOnly(DriveConfig config) {
        return config.isReadOnly() || config.overlay() != null;
    }

    private static DiskImage inspectQcow2(DriveConfig config, Path place, String key, Problems problems) throws IOException {
        Qcow2Image image = Qcow2Image.open(place, isBaseReadOnly(config), config.isDirect());
        try {
            if (image.capacity() == 0) {
                throw new Qcow2Exception("is a disk of 0 bytes");
            }
            ByteBuffer first = ByteBuffer.allocateDirect(SECTOR);
            image.read(first, 0);
            byte[] bytes = new byte[SECTOR];
            first.clear().get(bytes);
            return DiskOverlay.on(new DiskImage(config, image.disk(), new DiskContent.Qcow2(image), image.capacity(), beginsWithPartitionTable(bytes),
                    false), place, key, problems);
        } catch (IOException | RuntimeException | Error e) {
            image.close();
            throw e;
        }
    }

    /** Whether the file is of a known format, by a look for which it is neither locked nor opened for writing. */
    private static boolean isForeign(Path place, Path path, String field, Problems problems) throws IOException {
        try (DiskFile file = DiskFile.openUnlocked(place, true, false)) {
            FileFormat format = formatOf(file, file.size());
            if (format != null) {
                problems.add(field, refusal(path, format));
            }
            return format != null;
        }
    }

    /** What the image is, where that is a known format and so no raw disk. */
    private static FileFormat formatOf(DiskFile file, long size) throws IOException {
        int tail = (int) Math.min(size, FileFormat.TAIL_BYTES);
        return FileFormat.of(read(file, 0, (int) Math.min(size, FileFormat.HEAD_BYTES)), read(file, size - tail, tail)).orElse(null);
    }

    private static String refusal(Path path, FileFormat format) {
        if (format == FileFormat.QCOW2) {
            return "disk image " + path + " begins as a qcow2 image does, which its guest may have written: with format \"qcow2\", or named "
                    + QCOW2_SUFFIX + ", it is one; with format \"raw\" it is taken as it is";
        }
        String does = format.kind() == FileFormat.Kind.ARCHIVE ? "` unpacks it" : "` makes one";
        return "disk image " + path + " is " + format.description() + ", not a raw image"
                + format.command(path.toString()).map(command -> ": `" + command + does).orElse(", and no command is known that makes one of it")
                + "; with format \"raw\" it is taken as it is";
    }

    private static byte[] read(DiskFile file, long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        ByteBuffer direct = ByteBuffer.allocateDirect(length);
        file.read(direct, offset);
        direct.flip().get(bytes);
        return bytes;
    }

    private static boolean isBlockDevice(Path path) throws IOException {
        return ((int) Files.getAttribute(path, "unix:mode") & S_IFMT) == S_IFBLK;
    }

    /**
     * A master boot record, a GPT's protective one included: the signature, and four entries of which each is marked
     * active or not and at least one is in use. File systems that begin with a boot sector of their own carry the
     * signature, but code or text where the entries would be.
     */
    private static boolean beginsWithPartitionTable(byte[] bytes) {
        int signature = Byte.toUnsignedInt(bytes[MBR_SIGNATURE_OFFSET]) | Byte.toUnsignedInt(bytes[MBR_SIGNATURE_OFFSET + 1]) << 8;
        if (signature != MBR_SIGNATURE) {
            return false;
        }
        boolean used = false;
        for (int i = 0; i < 4; i++) {
            int entry = MBR_ENTRIES + i * MBR_ENTRY_LENGTH;
            if ((bytes[entry] & 0x7F) != 0) {
                return false;
            }
            used |= bytes[entry + 4] != 0;
        }
        return used;
    }

    /**
     * The image as a drive's backend, which owns the file from then on.
     *
     * @param loops one a queue
     */
    BlkBackend toBackend(List<EpollEventLoop> loops) throws IOException {
        return content.toBackend(own -> switch (config.ioEngine()) {
            case Sync -> new DiskBackend(own);
            case Async -> new UringBackend(own, loops);
        });
    }

    /** What the guest is told of the drive: sectors of 512 bytes, and the host's blocks as the physical ones. */
    BlkConfig toDeviceConfig() throws IOException {
        CacheType cache = switch (config.cacheType()) {
            case Unsafe -> CacheType.UNSAFE;
            case Writeback -> CacheType.WRITEBACK;
        };
        return new BlkConfig(config.isReadOnly(), cache, config.queueSize(), SECTOR, file.blockSize());
    }

    /**
     * The same for a drive whose writes are not to reach the file.
     *
     * @param disk closed with the image
     */
    DiskImage over(SharedDisk disk) {
        return new DiskImage(config, file, new DiskContent.Forked(content, disk), capacity, hasPartitionTable, takenAsIs);
    }

    /** Whether a snapshot can have the disk: one that is its file, or was until another machine went on from there. */
    boolean isSaved() {
        return content instanceof DiskContent.Raw || content instanceof DiskContent.Forked;
    }

    /** Closes the image; harmless when the drive that took it over has done so. */
    @Override
    public void close() throws IOException {
        content.close();
    }
}
