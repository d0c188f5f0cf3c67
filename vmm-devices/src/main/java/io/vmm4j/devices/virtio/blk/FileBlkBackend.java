package io.vmm4j.devices.virtio.blk;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;

/**
 * A raw image or a host block device through a {@link FileChannel}, straight between the file and guest RAM.
 *
 * <p>Thread-safe. The threads that use it must never be interrupted: that would close the channel.
 */
public final class FileBlkBackend implements BlkBackend {

    private static final int ZEROES_LENGTH = 1 << 18;

    private final FileChannel channel;
    private final String id;
    private final Optional<HolePuncher> holes;

    /**
     * @param channel open for reading, and for writing unless the device is read-only; closed with the backend
     * @param id      answer to GET_ID
     * @param holes   how to deallocate ranges, where the host can
     */
    public FileBlkBackend(FileChannel channel, String id, Optional<HolePuncher> holes) {
        this.channel = channel;
        this.id = id;
        this.holes = holes;
    }

    /** Opens {@code path}, whose device and inode numbers identify it to the guest; without deallocation. */
    public static FileBlkBackend open(Path path, boolean readOnly) throws IOException {
        Set<OpenOption> options = readOnly
                ? Set.of(StandardOpenOption.READ)
                : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileChannel channel = FileChannel.open(path, options);
        try {
            return new FileBlkBackend(channel, idOf(path), Optional.empty());
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** The id of an image: its device, special device and inode numbers, in decimal, one behind the other. */
    public static String idOf(Path path) throws IOException {
        var numbers = Files.readAttributes(path, "unix:dev,rdev,ino");
        return "" + numbers.get("dev") + numbers.get("rdev") + numbers.get("ino");
    }

    @Override
    public long capacity() throws IOException {
        return channel.size();
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public void read(ByteBuffer[] views, int count, long offset) throws IOException {
        long at = offset;
        for (int i = 0; i < count; i++) {
            while (views[i].hasRemaining()) {
                int length = channel.read(views[i], at);
                if (length < 0) {
                    throw new EOFException("the image ends before byte " + at);
                }
                at += length;
            }
        }
    }

    @Override
    public void write(ByteBuffer[] views, int count, long offset) throws IOException {
        long at = offset;
        for (int i = 0; i < count; i++) {
            while (views[i].hasRemaining()) {
                at += channel.write(views[i], at);
            }
        }
    }

    @Override
    public void flush() throws IOException {
        channel.force(false);
    }

    @Override
    public boolean canDiscard() {
        return holes.isPresent();
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        holes.orElseThrow().punch(offset, length);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        if (mayUnmap && holes.isPresent()) {
            holes.get().punch(offset, length);
            return;
        }
        ByteBuffer zeroes = ByteBuffer.allocateDirect((int) Math.min(length, ZEROES_LENGTH));
        long done = 0;
        while (done < length) {
            zeroes.clear().limit((int) Math.min(length - done, zeroes.capacity()));
            done += channel.write(zeroes, offset + done);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
