package io.vmm4j.core.block.qcow2;

import io.vmm4j.core.block.DiskBackend;
import io.vmm4j.core.block.DiskFile;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * A qcow2 image, open and locked with the files behind it, its header found good. What is in its tables is looked at when it is needed, so that
 * opening one takes the same time however large it is, but for one to write to whose reference counts were left behind: that one is repaired.
 */
public final class Qcow2Image implements AutoCloseable {

    private final DiskFile disk;
    private final ImageFile file;
    private final Qcow2Header header;
    private final boolean isReadOnly;
    private final BlkBackend backing;
    private final long backingSize;
    private final Tables tables;

    private Qcow2Image(DiskFile disk, ImageFile file, Qcow2Header header, boolean isReadOnly, BlkBackend backing) throws IOException {
        this.disk = disk;
        this.file = file;
        this.header = header;
        this.isReadOnly = isReadOnly;
        this.backing = backing;
        this.backingSize = backing == null ? 0 : backing.capacity();
        this.tables = new Tables(file, header, TableMemory.OF_PROCESS);
    }

    /**
     * Opens an image, which nobody but the caller says is one, and locks it as a raw one is locked; its backing files are opened for reading.
     *
     * @param direct whether I/O goes past the host's page cache, here and in the backing files
     * @throws Qcow2Exception when it is none, or one that is not supported; the message goes on from "disk image PATH "
     * @throws io.vmm4j.core.block.ImageInUseException when somebody else's lock is in the way
     */
    public static Qcow2Image open(Path path, boolean readOnly, boolean direct) throws IOException {
        return open(path, readOnly, direct, new BackingChain(), DiskBackend::new);
    }

    /** @param engine makes what reads and writes the tables */
    static Qcow2Image open(Path path, boolean readOnly, boolean direct, BackingChain chain, Function<DiskFile, BlkBackend> engine)
            throws IOException {
        DiskFile disk = DiskFile.open(path, readOnly, direct);
        BlkBackend backing = null;
        Qcow2Image image = null;
        try {
            chain.add(disk);
            ImageFile file = new ImageFile(disk, engine.apply(disk));
            Qcow2Header header = readHeader(file);
            if (!readOnly) {
                requireWritable(header, path);
            }
            backing = chain.open(header, path, direct);
            image = new Qcow2Image(disk, file, header, readOnly, backing);
            if (!readOnly) {
                image.beginWriting();
            }
            return image;
        } catch (IOException | RuntimeException | Error e) {
            if (image != null) {
                image.close();
            } else if (backing != null) {
                backing.close();
            }
            disk.close();
            throw e;
        }
    }

    private static Qcow2Header readHeader(ImageFile file) throws IOException {
        ByteBuffer first = ByteBuffer.allocateDirect((int) Math.min(file.length(), Qcow2Header.FIRST_BYTES));
        file.read(first, 0);
        int clusterBytes = Qcow2Header.clusterBytes(first.clear());
        ByteBuffer cluster = ByteBuffer.allocateDirect((int) Math.min(file.length(), clusterBytes));
        file.read(cluster, 0);
        return Qcow2Header.read(cluster.clear(), file.length());
    }

    private static void requireWritable(Qcow2Header header, Path path) throws Qcow2Exception {
        if (header.isCorrupt()) {
            throw new Qcow2Exception("is marked corrupt, and so only to be read: `qemu-img check -r all " + path + "` repairs it");
        }
        if (header.snapshots() > 0) {
            throw new Qcow2Exception("has " + header.snapshots() + " internal snapshots, and so is only to be read: `qemu-img snapshot -d NAME "
                    + path + "` takes one out");
        }
    }

    private void beginWriting() throws IOException {
        if (disk.alignment() > 1) {
            // Part of a block is written by reading the whole of it.
            file.reach(file.length() + disk.alignment() - 1 & -(long) disk.alignment());
        }
        if (header.isDirty()) {
            new Repair(file, header, tables).run();
            tables.finish();
            tables.header().clearDirty();
        }
        tables.findTables();
        if (header.autoclear() != 0) {
            tables.header().clearAutoclear();
        }
    }

    /**
     * The image as a disk, which owns it from then on.
     *
     * @param engine makes what reads and writes the image's file, which it owns
     */
    public BlkBackend toBackend(Function<DiskFile, BlkBackend> engine) {
        return new Qcow2Backend(this, engine.apply(disk));
    }

    /** Fills a buffer, from its position to its limit, from byte {@code offset} of the disk on. */
    public void read(ByteBuffer target, long offset) throws IOException {
        ByteBuffer[] views = {target};
        new Clusters(this, new DiskBackend(disk)).read(views, 1, offset, target.remaining());
    }

    /** The image's own file. */
    public DiskFile disk() {
        return disk;
    }

    /** Bytes of the disk that it is. */
    public long capacity() {
        return header.size();
    }

    Qcow2Header header() {
        return header;
    }

    Tables tables() {
        return tables;
    }

    ImageFile file() {
        return file;
    }

    /** What is behind the image, or {@code null}. */
    BlkBackend backing() {
        return backing;
    }

    /** Bytes in it; 0 where there is nothing. */
    long backingSize() {
        return backingSize;
    }

    boolean isReadOnly() {
        return isReadOnly;
    }

    /** Writes what is not written yet; nothing is in flight. */
    void finish() throws IOException {
        if (isReadOnly) {
            return;
        }
        tables.lock.lock();
        try {
            if (!tables.isDamaged()) {
                tables.finish();
            }
        } finally {
            tables.lock.unlock();
        }
    }

    /** Closes the image and what is behind it, without writing anything. A second call does nothing. */
    @Override
    public void close() throws IOException {
        tables.lock.lock();
        try {
            tables.close();
        } finally {
            tables.lock.unlock();
        }
        try {
            disk.close();
        } finally {
            if (backing != null) {
                backing.close();
            }
        }
    }
}
