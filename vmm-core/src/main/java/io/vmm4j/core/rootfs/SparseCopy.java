package io.vmm4j.core.rootfs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** Copies a file with holes, which stay holes. */
final class SparseCopy {

    private static final int CHUNK = 1 << 20;
    private static final int BLOCK = 4096;
    private static final String TEMPORARY = ".new";

    private SparseCopy() {
    }

    /**
     * Makes {@code to}, for its owner to read and write, whole and on the disk, or not at all.
     *
     * @throws java.nio.file.FileAlreadyExistsException when there is one of that name
     */
    static void of(Path from, Path to) throws IOException {
        Path beside = Files.createTempFile(to.toAbsolutePath().getParent(), "vmm-", TEMPORARY,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            try (FileChannel in = FileChannel.open(from, StandardOpenOption.READ); FileChannel out = FileChannel.open(beside, StandardOpenOption.WRITE)) {
                copy(in, out);
                out.force(true);
            }
            publish(beside, to);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    /** Neither a link nor this move takes the place of a file that is there. */
    private static void publish(Path beside, Path to) throws IOException {
        try {
            Files.createLink(to, beside);
        } catch (UnsupportedOperationException e) {
            Files.move(beside, to);
        }
    }

    private static void copy(FileChannel in, FileChannel out) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        long at = 0;
        for (int n = in.read(chunk, at); n > 0; n = in.read(chunk.clear(), at)) {
            for (int block = 0; block < n; block += BLOCK) {
                ByteBuffer bytes = chunk.slice(block, Math.min(BLOCK, n - block));
                if (!isZero(bytes)) {
                    write(out, bytes, at + block);
                }
            }
            at += n;
        }
        if (at > out.size()) {
            write(out, ByteBuffer.allocate(1), at - 1);
        }
    }

    private static void write(FileChannel out, ByteBuffer bytes, long at) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes, at + bytes.position());
        }
    }

    private static boolean isZero(ByteBuffer bytes) {
        for (int i = 0; i < bytes.limit(); i++) {
            if (bytes.get(i) != 0) {
                return false;
            }
        }
        return true;
    }
}
