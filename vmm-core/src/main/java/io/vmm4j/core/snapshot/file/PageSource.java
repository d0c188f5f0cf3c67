package io.vmm4j.core.snapshot.file;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.Mapping;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Where the pages of a guest's RAM are read from. Confined to the thread that reads. */
public interface PageSource {

    /** Bytes of RAM, in whole pages. */
    long size();

    /**
     * What is at [offset, offset + length), from the buffer's position to its limit: a direct buffer, only to be read, and no longer than up
     * to the next call.
     *
     * @param offset in whole pages
     * @param length in whole pages, at most 2 MiB
     */
    ByteBuffer read(long offset, int length) throws IOException;

    /** Pages that may hold something other than zeros; all where that cannot be told for less than reading them. */
    default PageSet mayHoldData() throws IOException {
        return PageSet.full(size() >>> PageSet.PAGE_SHIFT);
    }

    /**
     * RAM that is mapped. Reading a page of shared memory that nobody has touched allocates it: give such pages with the file that they are
     * of, or leave them out of the set of pages to be written.
     *
     * @param file what is mapped, from its start on, to ask which pages there are; null for memory without a file
     */
    static PageSource of(Mapping mapping, Fd file) {
        return new PageSource() {
            @Override
            public long size() {
                return mapping.length();
            }

            @Override
            public ByteBuffer read(long offset, int length) {
                return mapping.buffer(offset, length);
            }

            @Override
            public PageSet mayHoldData() throws IOException {
                return file == null ? PageSource.super.mayHoldData() : FilePages.dataIn(file, size());
            }
        };
    }
}
