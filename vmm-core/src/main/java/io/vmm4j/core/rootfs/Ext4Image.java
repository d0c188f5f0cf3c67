package io.vmm4j.core.rootfs;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * Makes an ext4 image of a tree, by the distribution's mke2fs, which makes an empty one, and debugfs, which puts the files in. Confined to one
 * thread.
 */
final class Ext4Image {

    private static final int BLOCK = 4096;
    private static final int INODE_BYTES = 256;
    private static final long MIB = 1 << 20;
    /** For the guest, beside what is in it. */
    private static final long ROOM = 1L << 30;
    private static final long LEAST_ROOM = 64 * MIB;
    private static final int SPARE_INODES = 32_768;
    private static final String IMAGE = "image";
    private static final String SCRIPT = "script";
    /** All that Linux 4.14 and later have; what a newer e2fsprogs adds by itself an older kernel could not mount. */
    private static final String FEATURES = "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,"
            + "large_file,huge_file,dir_nlink,extra_isize,metadata_csum";
    private static final int SUPERBLOCK = 1024;
    private static final int SUPERBLOCK_BYTES = 1024;
    private static final int BLOCKS_COUNT = 4;
    private static final int MAGIC_AT = 56;
    private static final int MAGIC = 0xEF53;
    private static final int UUID_AT = 104;

    private final Tree tree;
    private final Stage stage;

    Ext4Image(Tree tree, Stage stage) {
        this.tree = tree;
        this.stage = stage;
    }

    /**
     * Makes it in the stage.
     *
     * @param size of the image in bytes, or 0 for what is in it and {@value #ROOM} bytes more
     * @param uuid of the file system, by which {@link #isWhole} knows it
     */
    Path make(long size, UUID uuid) throws IOException {
        Path script = stage.file(SCRIPT);
        try (BufferedWriter out = Files.newBufferedWriter(script, StandardCharsets.ISO_8859_1, StandardOpenOption.CREATE_NEW)) {
            new DebugfsScript(tree.root(), stage, out).write();
        }
        long[] need = need();
        long least = (need[0] + need[0] / 16 + LEAST_ROOM + MIB - 1) / MIB;
        if (size != 0 && size / MIB < least) {
            throw new RootfsException("an image of " + size / MIB + " MiB is too small for it: it takes " + least + " MiB or more (--rootfs-size)");
        }
        long sizeMib = size != 0 ? size / MIB : least + ROOM / MIB;
        Tools.run(stage.path(), Tools.MKE2FS, List.of("-q", "-F", "-b", Integer.toString(BLOCK), "-I", Integer.toString(INODE_BYTES), "-N",
                Long.toString(need[1] + need[1] / 4 + SPARE_INODES), "-m", "0", "-O", FEATURES, "-U", uuid.toString(), "-E",
                "root_owner=0:0,lazy_itable_init=0,lazy_journal_init=1,hash_seed=" + uuid, IMAGE, sizeMib + "M"));
        Tools.run(stage.path(), Tools.DEBUGFS, List.of("-w", "-f", SCRIPT, IMAGE));
        Path image = stage.file(IMAGE);
        try (FileChannel channel = FileChannel.open(image, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        return image;
    }

    /** Bytes that the files take, and their number. */
    private long[] need() {
        long[] need = new long[2];
        Set<Node> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Node> due = new ArrayDeque<>(List.of(tree.root()));
        while (!due.isEmpty()) {
            Node node = due.pop();
            if (seen.add(node)) {
                need[1]++;
                // A block more for a map, attributes, a long link, or the names of a directory; their inode.
                need[0] += (node.size + BLOCK - 1) / BLOCK * BLOCK + node.size / 256 + BLOCK + INODE_BYTES * 2L;
                need[0] += node.children.size() * 320L;
                due.addAll(node.children.values());
            }
        }
        return need;
    }

    /** Whether {@code file} is an image that was made with that UUID, to its end. */
    static boolean isWhole(Path file, UUID uuid) {
        ByteBuffer block = ByteBuffer.allocate(SUPERBLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.read(block, SUPERBLOCK) != SUPERBLOCK_BYTES) {
                return false;
            }
            long blocks = Integer.toUnsignedLong(block.getInt(BLOCKS_COUNT));
            ByteBuffer id = block.slice(UUID_AT, Long.BYTES * 2);
            return Short.toUnsignedInt(block.getShort(MAGIC_AT)) == MAGIC && new UUID(id.getLong(), id.getLong()).equals(uuid)
                    && channel.size() == blocks * BLOCK;
        } catch (IOException e) {
            return false;
        }
    }
}
