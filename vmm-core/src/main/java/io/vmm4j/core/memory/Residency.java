package io.vmm4j.core.memory;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileRanges;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Mapping;
import io.vmm4j.kvm.libc.NativeStruct;
import java.io.IOException;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Which pages of private memory this process has: those that are there, and those that are in swap, by /proc/self/pagemap
 * (Documentation/admin-guide/mm/pagemap.rst).
 */
public final class Residency {

    private static final Path PAGEMAP = Path.of("/proc/self/pagemap");
    private static final int ENTRIES = 8192;
    private static final long PRESENT = 1L << 63;
    private static final long SWAPPED = 1L << 62;
    /** Of a file, or anonymous and shared. */
    private static final long FILE_PAGE = 1L << 61;

    private Residency() {
    }

    /** The pages of an anonymous mapping that have been touched. */
    public static BitSet touched(Mapping mapping) throws IOException {
        return find(mapping, 0);
    }

    /** The pages of a private mapping of files that are not the files' any more. */
    static BitSet written(Mapping mapping) throws IOException {
        return find(mapping, FILE_PAGE);
    }

    /** The pages of a sparse file that are not in its holes, in swap or not; all where its file system does not tell. */
    public static BitSet dataOf(Fd file, long length) throws IOException {
        try {
            return data(file, length);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EINVAL && e.errno() != Errno.EOPNOTSUPP) {
                throw e;
            }
            return all(length);
        }
    }

    /** The pieces of a sparse file that are not in its holes, in whole pages; one where its file system does not tell. */
    static List<FrozenRun> dataRuns(FrozenFile file, long length) throws IOException {
        try {
            List<FrozenRun> runs = new ArrayList<>();
            for (long from = FileRanges.nextData(file.fd(), 0); from >= 0 && from < length;) {
                long to = Math.min(FileRanges.nextHole(file.fd(), from), length);
                long first = from & -Pages.SIZE;
                runs.add(new FrozenRun(first, (to + Pages.SIZE - 1 & -Pages.SIZE) - first, file));
                from = to < length ? FileRanges.nextData(file.fd(), to) : -1;
            }
            return FrozenRun.bridged(runs, 0); // of a file system with smaller blocks two may be in one page
        } catch (LinuxException e) {
            if (e.errno() != Errno.EINVAL && e.errno() != Errno.EOPNOTSUPP) {
                throw e;
            }
            return List.of(new FrozenRun(0, length, file));
        }
    }

    private static BitSet data(Fd file, long length) throws IOException {
        BitSet found = new BitSet();
        for (long from = FileRanges.nextData(file, 0); from >= 0 && from < length;) {
            long to = Math.min(FileRanges.nextHole(file, from), length);
            found.set(Pages.of(from), Pages.of(to + Pages.SIZE - 1));
            from = to < length ? FileRanges.nextData(file, to) : -1;
        }
        return found;
    }

    /** All pages of RAM that is there in full from the start. */
    public static BitSet all(long length) {
        BitSet found = new BitSet();
        found.set(0, Pages.of(length));
        return found;
    }

    private static BitSet find(Mapping mapping, long unwanted) throws IOException {
        BitSet found = new BitSet();
        int pages = Pages.of(mapping.length());
        NativeStruct struct = NativeStruct.allocate(ENTRIES * Long.BYTES);
        LongBuffer entries = struct.bytes().asLongBuffer();
        try (Fd pagemap = Fd.open(PAGEMAP, Fd.O_RDONLY | Fd.O_CLOEXEC)) {
            for (int at = 0; at < pages;) {
                long wanted = Math.min(ENTRIES, pages - at) * (long) Long.BYTES;
                long read = pagemap.pread(struct.address(), wanted, (mapping.address() / Pages.SIZE + at) * Long.BYTES);
                if (read <= 0) {
                    throw new IOException(PAGEMAP + " ends before address 0x" + Long.toHexString(mapping.address() + Pages.bytes(at)));
                }
                int count = (int) (read / Long.BYTES);
                for (int i = 0; i < count; i++) {
                    long entry = entries.get(i);
                    if ((entry & (PRESENT | SWAPPED)) != 0 && (entry & unwanted) == 0) {
                        found.set(at + i);
                    }
                }
                at += count;
            }
        }
        return found;
    }
}
