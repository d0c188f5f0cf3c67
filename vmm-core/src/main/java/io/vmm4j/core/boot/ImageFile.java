package io.vmm4j.core.boot;

import io.vmm4j.core.format.FileFormat;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/** A regular file to boot from, open for reading. It stays the same file from the check to the load. */
final class ImageFile implements Closeable {

    private static final int START_BYTES = 4096;

    private final String what;
    private final Path path;
    private final FileChannel channel;
    private final long size;
    /** The first bytes, once they were read: headers lie there, and are read piece by piece. */
    private ByteBuffer start;

    private ImageFile(String what, Path path, FileChannel channel, long size) {
        this.what = what;
        this.path = path;
        this.channel = channel;
        this.size = size;
    }

    /**
     * Opens {@code path} when it is a regular file with something in it.
     *
     * @param what the file's part, for messages: "kernel image"
     */
    static ImageFile open(String what, Path path) throws KernelImageException {
        return open(what, path, path);
    }

    /** As above, with what is at {@code place} for the file called {@code path}. */
    static ImageFile open(String what, Path path, Path place) throws KernelImageException {
        String subject = what + " " + path;
        try {
            // Looked at before it is opened: opening a named pipe would wait for a writer.
            requireRegular(subject, Files.readAttributes(place, BasicFileAttributes.class));
            FileChannel channel = FileChannel.open(place, StandardOpenOption.READ);
            ImageFile file = new ImageFile(what, path, channel, channel.size());
            if (file.size() == 0) {
                file.close();
                throw file.refuse("is empty");
            }
            return file;
        } catch (NoSuchFileException e) {
            throw new KernelImageException(subject + " does not exist", e);
        } catch (AccessDeniedException e) {
            throw new KernelImageException(subject + " cannot be read: permission denied", e);
        } catch (FileSystemException e) {
            throw new KernelImageException(subject + " cannot be opened: " + e.getReason(), e);
        } catch (IOException e) {
            throw new KernelImageException(subject + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static void requireRegular(String subject, BasicFileAttributes attributes) throws KernelImageException {
        if (attributes.isDirectory()) {
            throw new KernelImageException(subject + " is a directory");
        }
        if (!attributes.isRegularFile()) {
            throw new KernelImageException(subject + " is not a regular file but a pipe, socket or device");
        }
    }

    /** "kernel image PATH is truncated: " and such: an exception about this file. */
    KernelImageException refuse(String why) {
        return new KernelImageException(what + " " + path + " " + why);
    }

    Path path() {
        return path;
    }

    /** Bytes in the file when it was opened. */
    long size() {
        return size;
    }

    /** Reads {@code length} bytes at {@code position}, all within the file, as a little-endian buffer. */
    ByteBuffer header(long position, int length) throws KernelImageException {
        if (position < 0 || position > START_BYTES - length) {
            return read(position, length);
        }
        if (start == null) {
            start = read(0, (int) Math.min(size, START_BYTES));
        }
        return start.slice((int) position, length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private ByteBuffer read(long position, int length) throws KernelImageException {
        ByteBuffer header = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        try {
            readFully(header, position);
        } catch (IOException e) {
            throw new KernelImageException(what + " " + path + " cannot be read: " + e.getMessage(), e);
        }
        return header.flip();
    }

    /** What it is, where that is a known format. */
    Optional<FileFormat> format() throws KernelImageException {
        int tail = (int) Math.min(size, FileFormat.TAIL_BYTES);
        return FileFormat.of(read(0, (int) Math.min(size, FileFormat.HEAD_BYTES)).array(), read(size - tail, tail).array());
    }

    /** Reads {@code length} bytes at {@code position} straight into guest RAM at {@code gpa}. */
    void load(GuestMemory memory, long gpa, long position, long length) throws IOException, GuestMemoryException {
        long at = position;
        for (ByteBuffer slice : memory.slices(gpa, length)) {
            int piece = slice.remaining();
            readFully(slice, at);
            at += piece;
        }
    }

    private void readFully(ByteBuffer target, long position) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
            int read = channel.read(target, at);
            if (read < 0) {
                throw new EOFException(what + " " + path + " ended at byte " + at + " while it was read; it had " + size + " bytes when it was opened");
            }
            at += read;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
