package io.vmm4j.core.machine;

import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.devices.virtio.blk.FileBlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;

/**
 * A raw disk image, opened and found fit to be a drive. Owns its channel until the drive takes it over.
 *
 * @param config             the drive it is for
 * @param channel            open for reading, and for writing unless the drive is read-only
 * @param capacity           bytes, a multiple of 512
 * @param hasPartitionTable  whether it begins with a partition table
 */
record DiskImage(DriveConfig config, FileChannel channel, long capacity, boolean hasPartitionTable) implements AutoCloseable {

    private static final int SECTOR = 512;

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
     */
    static DiskImage open(DriveConfig config, String key, Problems problems) {
        Path path = Path.of(config.pathOnHost());
        String field = key + ".path_on_host";
        if (Files.isDirectory(path)) {
            problems.add(field, "disk image " + path + " is a directory");
            return null;
        }
        try {
            return inspect(config, path, field, problems);
        } catch (NoSuchFileException e) {
            problems.add(field, "disk image " + path + " does not exist");
        } catch (AccessDeniedException e) {
            problems.add(field, "disk image " + path + " cannot be opened for "
                    + (config.isReadOnly() ? "reading" : "writing") + ": permission denied");
        } catch (IOException e) {
            problems.add(field, "disk image " + path + " cannot be opened for "
                    + (config.isReadOnly() ? "reading" : "writing") + ": " + reasonOf(e, path));
        }
        return null;
    }

    private static DiskImage inspect(DriveConfig config, Path path, String field, Problems problems) throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString());
        }
        if (!Files.isRegularFile(path) && !isBlockDevice(path)) {
            problems.add(field, "disk image " + path + " is neither a file nor a block device");
            return null;
        }
        Set<OpenOption> options = config.isReadOnly() ? Set.of(StandardOpenOption.READ)
                : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileChannel channel = FileChannel.open(path, options);
        try {
            long size = channel.size();
            if (size == 0 || size % SECTOR != 0) {
                problems.add(field, "disk image " + path + " of " + size + " bytes is not a positive multiple of " + SECTOR);
                channel.close();
                return null;
            }
            return new DiskImage(config, channel, size, beginsWithPartitionTable(channel));
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private static boolean isBlockDevice(Path path) throws IOException {
        return ((int) Files.getAttribute(path, "unix:mode") & S_IFMT) == S_IFBLK;
    }

    private static String reasonOf(IOException e, Path path) {
        String message = String.valueOf(e.getMessage());
        String prefix = path + ": ";
        return message.startsWith(prefix) ? message.substring(prefix.length()) : message;
    }

    /**
     * A master boot record, a GPT's protective one included: the signature, and four entries of which each is marked
     * active or not and at least one is in use. File systems that begin with a boot sector of their own carry the
     * signature, but code or text where the entries would be.
     */
    private static boolean beginsWithPartitionTable(FileChannel channel) throws IOException {
        ByteBuffer sector = ByteBuffer.allocate(SECTOR);
        for (long at = 0; sector.hasRemaining(); ) {
            int n = channel.read(sector, at);
            if (n < 0) {
                return false;
            }
            at += n;
        }
        byte[] bytes = sector.array();
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

    /** The image as a drive's backend, which owns the channel from then on. */
    FileBlkBackend toBackend() throws IOException {
        return new FileBlkBackend(channel, FileBlkBackend.idOf(Path.of(config.pathOnHost())), Optional.empty());
    }

    /** Closes the image; harmless when the drive that took it over has done so. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
