package io.vmm4j.core.snapshot.file;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileRanges;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The pages of a memory file, read into a buffer. */
final class FilePages implements PageSource {

    private final Fd file;
    private final long size;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(MemoryTable.CHUNK);

    FilePages(Fd file, long size) {
        this.file = file;
        this.size = size;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public ByteBuffer read(long offset, int length) throws IOException {
        buffer.clear().limit(length);
        FileBytes.read(file, buffer, offset);
        return buffer.flip();
    }

    @Override
    public PageSet mayHoldData() throws IOException {
        return dataIn(file, size);
    }

    /** The pages of the first {@code size} bytes of {@code file} that are not in holes of it; all where its file system cannot tell. */
    static PageSet dataIn(Fd file, long size) throws IOException {
        PageSet pages = new PageSet(size >>> PageSet.PAGE_SHIFT);
        try {
            for (long data = FileRanges.nextData(file, 0); data >= 0 && data < size; ) {
                long hole = Math.min(size, FileRanges.nextHole(file, data));
                pages.addBytes(data, hole - data);
                data = hole < size ? FileRanges.nextData(file, hole) : -1;
            }
            return pages;
        } catch (LinuxException e) {
            if (e.errno() != Errno.EINVAL && e.errno() != Errno.EOPNOTSUPP) {
                throw e;
            }
            return PageSet.full(size >>> PageSet.PAGE_SHIFT);
        }
    }
}
