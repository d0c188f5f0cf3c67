package io.vmm4j.core.rootfs;

import io.vmm4j.core.image.CacheDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory of the cache in which one image is made, with files whose names are numbers of ours. Its maker holds a lock in it; one whose maker
 * is gone, in whatever way, goes when the next is made. Confined to one thread.
 */
final class Stage implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Stage.class);

    private static final String PREFIX = "stage-";
    private static final String LOCK = "lock";
    private static final int CHUNK = 64 << 10;
    /** Blocks of zeros are holes. */
    private static final int BLOCK = 4096;

    /** Those of this process; also the lock for making one. */
    private static final Set<Path> OWN = new HashSet<>();

    private final Path directory;
    private final FileChannel lock;
    private final Limits limits;
    private int files;

    private Stage(Path directory, FileChannel lock, Limits limits) {
        this.directory = directory;
        this.lock = lock;
        this.limits = limits;
    }

    /** One of its own, made in {@code cache}. */
    static Stage in(CacheDirectory cache, Limits limits) throws IOException {
        synchronized (OWN) {
            clean(cache.path());
            Stage stage = make(cache, limits);
            while (!Files.exists(stage.file(LOCK))) {
                // Another process has taken it for one that was left, before it was locked.
                stage.lock.close();
                stage = make(cache, limits);
            }
            OWN.add(stage.directory);
            return stage;
        }
    }

    private static Stage make(CacheDirectory cache, Limits limits) throws IOException {
        Path directory = Files.createTempDirectory(cache.path(), PREFIX, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        FileChannel lock = null;
        try {
            lock = FileChannel.open(directory.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            lock.lock();
            return new Stage(directory, lock, limits);
        } catch (IOException e) {
            if (lock != null) {
                lock.close();
            }
            delete(directory);
            throw e;
        }
    }

    private static void clean(Path cache) {
        try (Stream<Path> all = Files.list(cache)) {
            for (Path stage : all.filter(file -> file.getFileName().toString().startsWith(PREFIX)).toList()) {
                // To close a file of one's own lock gives the lock back.
                if (!OWN.contains(stage) && Files.isDirectory(stage, LinkOption.NOFOLLOW_LINKS)) {
                    deleteIfLeft(stage);
                }
            }
        } catch (IOException e) {
            LOG.debug("what others have left in {} stays: {}", cache, e.getMessage());
        }
    }

    /** If nobody holds its lock. One that has none yet is about to. */
    private static void deleteIfLeft(Path stage) {
        try (FileChannel channel = FileChannel.open(stage.resolve(LOCK), StandardOpenOption.WRITE); FileLock lock = channel.tryLock()) {
            if (lock != null) {
                delete(stage);
            }
        } catch (IOException | OverlappingFileLockException e) {
            LOG.debug("{} stays: {}", stage, e.getMessage());
        }
    }

    private static void delete(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(directory)) {
            files = all.toList();
        }
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
        Files.deleteIfExists(directory);
    }

    Path file(String name) {
        return directory.resolve(name);
    }

    Path path() {
        return directory;
    }

    /** Keeps all that {@code in} has. @return the file's number */
    int add(InputStream in) throws IOException {
        int number = files++;
        copy(limits.kept(in), file(Integer.toString(number)));
        return number;
    }

    /** Keeps the bytes of an extended attribute. */
    int add(byte[] bytes) throws IOException {
        int number = files++;
        Files.write(file(Integer.toString(number)), bytes);
        return number;
    }

    /** Keeps an archive as it is when nothing has packed it. */
    void copyArchive(InputStream in, Path file) throws IOException {
        copy(limits.archive(in), file);
    }

    /** {@code in}, of which all that is read counts, kept or not. */
    InputStream counted(InputStream in) {
        return limits.read(in);
    }

    /** Reads {@code in} to its end for nothing, which counts as if it were kept. */
    void discard(InputStream in) throws IOException {
        byte[] scratch = new byte[CHUNK];
        InputStream counted = limits.kept(in);
        while (counted.read(scratch, 0, CHUNK) >= 0) {
            // Until the end.
        }
    }

    /** Writes all that {@code in} has to a new file of the stage, with holes for zeros. */
    private static void copy(InputStream in, Path file) throws IOException {
        byte[] chunk = new byte[CHUNK];
        long size = 0;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                OutputStream out = Channels.newOutputStream(channel)) {
            int n = in.readNBytes(chunk, 0, CHUNK);
            while (n > 0) {
                writeBlocks(channel, out, chunk, n, size);
                size += n;
                n = in.readNBytes(chunk, 0, CHUNK);
            }
            if (channel.size() < size) {
                channel.write(ByteBuffer.allocate(1), size - 1);
            }
        }
    }

    private static void writeBlocks(FileChannel channel, OutputStream out, byte[] chunk, int length, long at) throws IOException {
        int from = 0;
        for (int block = 0; block < length; block += BLOCK) {
            int end = Math.min(length, block + BLOCK);
            if (isZero(chunk, block, end)) {
                write(channel, out, chunk, from, block, at);
                from = end;
            }
        }
        write(channel, out, chunk, from, length, at);
    }

    private static void write(FileChannel channel, OutputStream out, byte[] chunk, int from, int end, long at) throws IOException {
        if (end > from) {
            channel.position(at + from);
            out.write(chunk, from, end - from);
        }
    }

    private static boolean isZero(byte[] chunk, int from, int end) {
        for (int i = from; i < end; i++) {
            if (chunk[i] != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        try (lock) {
            delete(directory);
        } finally {
            synchronized (OWN) {
                OWN.remove(directory);
            }
        }
    }
}
