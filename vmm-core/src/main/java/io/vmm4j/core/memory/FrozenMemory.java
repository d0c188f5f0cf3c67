package io.vmm4j.core.memory;

import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Mapping;
import io.vmm4j.kvm.libc.MemFd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The RAM of a machine as it was at a moment, for any number of machines that go on from there: each maps it, sees its own writes and pays for
 * those. It is in one or more {@linkplain FrozenFile files}; where none has anything there are zeros. Immutable; counts those that hold it, and
 * lets go of the files with the last. Thread-safe.
 */
public final class FrozenMemory {

    /** More pieces than this cost a machine's start more than the copy that makes one of them. */
    static final int RUNS_MAX = 1000;

    /** As many pieces as a machine maps: with what is between them so many mappings, times 1,000 machines, fit into vm.max_map_count. */
    static final int FEW_RUNS = 20;
    private static final int FIRST_GAP = 255;
    private static final int COPY = 1 << 20;
    private static final byte[] ZEROS = new byte[Pages.SIZE];

    private final long length;
    private final boolean isElsewhere;
    private final List<FrozenRun> runs;
    private final AtomicInteger holders = new AtomicInteger(1);
    /** The same in {@value #FEW_RUNS} pieces at most, once somebody has mapped it; guarded by this. */
    private List<FrozenRun> few;
    /** What was copied for that, held here, or {@code null}; guarded by this. */
    private FrozenFile copied;

    /**
     * Held by the caller, who gives one hold of each file away.
     *
     * @param length of the RAM in bytes, whole pages
     * @param runs   ascending, none over another, within the length
     */
    public FrozenMemory(long length, List<FrozenRun> runs) {
        this(length, runs, false);
    }

    private FrozenMemory(long length, List<FrozenRun> runs, boolean isElsewhere) {
        this.length = length;
        this.runs = List.copyOf(runs);
        this.isElsewhere = isElsewhere;
    }

    /** RAM of that many bytes of which only a {@linkplain MemoryHandler handler} knows what is in it. */
    public static FrozenMemory elsewhere(long length) {
        return new FrozenMemory(length, List.of(), true);
    }

    /** Whether it is not known here: neither to be mapped nor read. */
    public boolean isElsewhere() {
        return isElsewhere;
    }

    /**
     * One file's. The caller holds the result, and gives its hold of the file away.
     *
     * @param file where it is; zeros, or holes, where no page is
     * @param data pages that are not zeros
     */
    public static FrozenMemory of(long length, FrozenFile file, BitSet data) {
        List<FrozenRun> runs;
        int gap = FIRST_GAP;
        do {
            runs = Pages.runs(data, gap, file);
            gap = 2 * gap + 1;
        } while (runs.size() > FEW_RUNS);
        if (runs.isEmpty()) {
            file.release();
        }
        return new FrozenMemory(length, runs);
    }

    /**
     * One file's, which may be anybody's. What this takes is in proportion to the pieces that the file has. The caller holds the result, and gives its hold
     * of the file away.
     *
     * @param file with holes where there are zeros
     */
    public static FrozenMemory of(long length, FrozenFile file) throws IOException {
        List<FrozenRun> runs;
        try {
            runs = Residency.dataRuns(file, length);
        } catch (IOException | RuntimeException | Error e) {
            file.release();
            throw e;
        }
        for (long gap = Pages.bytes(FIRST_GAP); runs.size() > FEW_RUNS; gap *= 2) {
            runs = FrozenRun.bridged(runs, gap);
        }
        if (runs.isEmpty()) {
            file.release();
        }
        return new FrozenMemory(length, runs);
    }

    /** Bytes of RAM. */
    public long length() {
        return length;
    }

    /** Where there may be something else than zeros, ascending. */
    public List<FrozenRun> runs() {
        return runs;
    }

    /** The pages within the runs. */
    public BitSet pages() {
        BitSet pages = new BitSet();
        runs.forEach(run -> pages.set(Pages.of(run.offset()), Pages.of(run.end())));
        return pages;
    }

    /** The pages that may be others than in {@code before}: those that the two do not have in the same file. */
    public BitSet changedSince(FrozenMemory before) {
        BitSet changed = pages();
        changed.or(before.pages());
        int first = 0;
        for (FrozenRun run : runs) {
            while (first < before.runs.size() && before.runs.get(first).end() <= run.offset()) {
                first++;
            }
            for (int i = first; i < before.runs.size() && before.runs.get(i).offset() < run.end(); i++) {
                FrozenRun other = before.runs.get(i);
                if (other.file() == run.file()) {
                    changed.clear(Pages.of(Math.max(run.offset(), other.offset())), Pages.of(Math.min(run.end(), other.end())));
                }
            }
        }
        return changed;
    }

    /** One more holder; the caller is one. */
    public FrozenMemory hold() {
        holders.incrementAndGet();
        return this;
    }

    /** One holder less. */
    public void release() {
        if (holders.decrementAndGet() == 0) {
            files(runs).forEach(FrozenFile::release);
            releaseCopy();
        }
    }

    private synchronized void releaseCopy() {
        if (copied != null) {
            copied.release();
        }
    }

    private static Set<FrozenFile> files(List<FrozenRun> some) {
        Set<FrozenFile> files = Collections.newSetFromMap(new IdentityHashMap<>());
        some.forEach(run -> files.add(run.file()));
        return files;
    }

    /**
     * This with something written on it. The caller holds the result, and keeps its hold of this.
     *
     * @param file  held by the caller, who gives that hold away; {@code null} where there are zeros only
     * @param above what is on top, ascending: in {@code file}, or zeros where it has none
     */
    FrozenMemory under(FrozenFile file, List<FrozenRun> above) {
        List<FrozenRun> all = FrozenRun.overlay(runs, above);
        Set<FrozenFile> used = files(all);
        used.forEach(FrozenFile::hold);
        if (file != null) {
            file.release(); // the one that the caller gave; still held where it is used
        }
        return new FrozenMemory(length, all);
    }

    /**
     * New private memory that begins as this, at an address that huge pages could begin at. The first time that of what is in more pieces than
     * {@value #FEW_RUNS} the smaller ones are copied together.
     *
     * @throws IOException when the host refuses
     */
    public Mapping map() throws IOException {
        List<FrozenRun> pieces = fewRuns();
        Mapping mapping = Mapping.aligned(-1, length, Pages.HUGE, Mapping.PROT_READ | Mapping.PROT_WRITE,
                Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS | Mapping.MAP_NORESERVE);
        try {
            for (FrozenRun run : pieces) {
                mapping.replace(run.offset(), run.length(), Mapping.PROT_READ | Mapping.PROT_WRITE,
                        Mapping.MAP_PRIVATE | Mapping.MAP_NORESERVE, run.file().fd().value(), run.file().base() + run.offset());
            }
            return mapping;
        } catch (LinuxException | RuntimeException | Error e) {
            mapping.close();
            throw e;
        }
    }

    private synchronized List<FrozenRun> fewRuns() throws IOException {
        if (few == null && runs.size() <= FEW_RUNS) {
            few = runs;
        }
        if (few == null) {
            FrozenFile file = new FrozenFile(MemFd.create("vmm4j-frozen", length, 0).fd(), 0);
            try {
                few = FrozenRun.together(runs, FEW_RUNS, file);
                for (FrozenRun run : runs) {
                    if (!few.contains(run)) {
                        copy(run, file);
                    }
                }
                copied = file;
            } catch (IOException | RuntimeException | Error e) {
                few = null;
                file.release();
                throw e;
            }
        }
        return few;
    }

    private static void copy(FrozenRun run, FrozenFile target) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(run.length(), COPY));
        long address = LibC.address(buffer);
        for (long at = run.offset(); at < run.end();) {
            long count = run.file().fd().pread(address, Math.min(buffer.capacity(), run.end() - at), run.file().base() + at);
            if (count <= 0) {
                throw endsBefore(run.file(), at);
            }
            for (long done = 0; done < count;) {
                done += target.fd().pwrite(address + done, count - done, at + done);
            }
            at += count;
        }
    }

    private static IOException endsBefore(FrozenFile file, long offset) {
        return new IOException("a snapshot's memory file ends before byte " + (file.base() + offset));
    }

    /**
     * Writes what this has of some pages to memory.
     *
     * @param target all of a machine's RAM
     * @param pages  which
     */
    public void copyTo(Mapping target, BitSet pages) throws IOException {
        BitSet zeros = (BitSet) pages.clone();
        for (FrozenRun run : runs) {
            int end = Pages.of(run.end());
            for (int from = pages.nextSetBit(Pages.of(run.offset())); from >= 0 && from < end;) {
                int to = Math.min(pages.nextClearBit(from), end);
                read(run.file(), target, Pages.bytes(from), Pages.bytes(to - from));
                zeros.clear(from, to);
                from = pages.nextSetBit(to);
            }
        }
        for (int from = zeros.nextSetBit(0); from >= 0;) {
            int to = zeros.nextClearBit(from);
            zero(target, Pages.bytes(from), Pages.bytes(to - from));
            from = zeros.nextSetBit(to);
        }
    }

    private static void zero(Mapping target, long offset, long length) {
        for (long at = offset; at < offset + length; at += Pages.SIZE) {
            target.buffer(at, Pages.SIZE).put(0, ZEROS);
        }
    }

    private static void read(FrozenFile file, Mapping target, long offset, long length) throws IOException {
        for (long done = 0; done < length;) {
            long count = file.fd().pread(target.address() + offset + done, length - done, file.base() + offset + done);
            if (count <= 0) {
                throw endsBefore(file, offset + done);
            }
            done += count;
        }
    }
}
