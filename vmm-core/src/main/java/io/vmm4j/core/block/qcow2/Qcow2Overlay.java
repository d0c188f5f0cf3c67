package io.vmm4j.core.block.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Makes images that have nothing yet but another one behind them, of version 3 and with refcounts of 16 bits, as qemu-img makes them too. Clusters
 * are of 16 KiB, so that the guest's first write to each copies little; larger ones for disks of more than 4 TiB keep the L1 table below a MiB.
 */
public final class Qcow2Overlay {

    /** It has what the guest writes, whoever may read the base. */
    private static final FileAttribute<?> OWNERS_ONLY = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final int CLUSTER_BITS = 14;
    private static final int MAX_CLUSTER_BITS = 21;
    private static final long MAX_L1_BYTES = 1 << 20;
    private static final int REFCOUNT_ORDER = 4;
    private static final int MAX_NAME = 1023;
    /** Clusters in front of the L1 table: the header, the refcount table and a block. */
    private static final int L1_CLUSTER = 3;

    private Qcow2Overlay() {
    }

    /**
     * Makes an image.
     *
     * @param path     must not exist
     * @param size     bytes of the disk, a multiple of 512
     * @param backing  absolute
     * @param isRaw    whether that is a raw image; else a qcow2 one
     * @throws Qcow2Exception when the name of {@code backing} is longer than the format has room for
     */
    public static void create(Path path, long size, Path backing, boolean isRaw) throws IOException {
        byte[] name = backing.toString().getBytes(StandardCharsets.UTF_8);
        if (name.length > MAX_NAME) {
            throw new Qcow2Exception("cannot name a backing file with " + name.length + " bytes: the format has room for " + MAX_NAME);
        }
        int bits = CLUSTER_BITS;
        while (bits < MAX_CLUSTER_BITS && l1Entries(size, bits) * Long.BYTES > MAX_L1_BYTES) {
            bits++;
        }
        FileChannel file = FileChannel.open(path, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OWNERS_ONLY);
        try (file) {
            write(file, size, bits, name, isRaw ? "raw" : "qcow2");
        } catch (IOException e) {
            Files.deleteIfExists(path);
            throw e;
        }
    }

    private static long l1Entries(long size, int bits) {
        long covered = 1L << 2 * bits - 3;
        return size / covered + (size % covered == 0 ? 0 : 1);
    }

    private static void write(FileChannel file, long size, int bits, byte[] name, String format) throws IOException {
        int cluster = 1 << bits;
        int l1 = (int) l1Entries(size, bits);
        int used = L1_CLUSTER + Math.max(1, (l1 * Long.BYTES + cluster - 1) / cluster);
        write(file, 0, header(size, bits, l1, name, format));
        write(file, cluster, ByteBuffer.allocate(cluster).putLong(2L * cluster).clear());
        ByteBuffer counts = ByteBuffer.allocate(cluster);
        for (int i = 0; i < used; i++) {
            counts.putShort((short) 1);
        }
        write(file, 2L * cluster, counts.clear());
        write(file, (long) used * cluster - 1, ByteBuffer.allocate(1)); // the L1 table reads as zeros
    }

    private static ByteBuffer header(long size, int bits, int l1, byte[] name, String format) {
        ByteBuffer header = ByteBuffer.allocate(1 << bits);
        byte[] formatName = format.getBytes(StandardCharsets.US_ASCII);
        int nameAt = Qcow2Constants.V3_HEADER_LENGTH + 8 + (formatName.length + 7 & -8) + 8;
        header.putInt(Qcow2Constants.MAGIC).putInt(3).putLong(nameAt).putInt(name.length).putInt(bits).putLong(size);
        header.putInt(0).putInt(l1).putLong((long) L1_CLUSTER << bits).putLong(1L << bits).putInt(1);
        header.putInt(0).putLong(0).putLong(0).putLong(0).putLong(0).putInt(REFCOUNT_ORDER).putInt(Qcow2Constants.V3_HEADER_LENGTH);
        header.putInt(Qcow2Constants.EXTENSION_BACKING_FORMAT).putInt(formatName.length).put(formatName);
        header.position(nameAt).put(name);
        return header.clear();
    }

    private static void write(FileChannel file, long offset, ByteBuffer bytes) throws IOException {
        for (long at = offset; bytes.hasRemaining(); ) {
            at += file.write(bytes, at);
        }
    }
}
