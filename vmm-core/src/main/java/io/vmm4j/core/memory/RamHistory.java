package io.vmm4j.core.memory;

import io.vmm4j.devices.memory.PageMarks;
import io.vmm4j.kvm.DirtyLog;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.abi.KvmUserspaceMemoryRegion;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Mapping;
import java.io.IOException;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * What has been written to a machine's RAM since it stood still the last time, by vCPUs, as KVM's log has it, and by the host's side, as
 * {@link PageMarks} have it: so that to freeze it again, and to put it back, takes time in proportion to that.
 *
 * <p>Confined to one call at a time, while no vCPU runs and no device touches the RAM.
 */
public final class RamHistory implements AutoCloseable {

    /** Clean pages between two written ones that are copied with them, for fewer pieces. */
    private static final int LAYER_GAP = 8;
    /** Zeros in a row that are not in the copy's file any more. */
    private static final int ZEROS_MIN = 64;

    /** Where some of the RAM is in the guest. */
    public record Slot(int number, long gpa, long offset, long length) {
    }

    /**
     * The RAM of a machine.
     *
     * @param mapping all of it
     * @param touched finds the pages that may be others than zeros, of RAM that is no private mapping of {@code origin}
     * @param marks   of the host's side
     * @param origin  what it began as, or {@code null} for zeros
     * @param isShared whether it is a private mapping of {@code origin}, or a copy
     */
    public record Ram(Mapping mapping, TouchedPages touched, PageMarks marks, FrozenMemory origin, boolean isShared) {
    }

    private final Mapping ram;
    private final TouchedPages touched;
    private final List<Slot> slots;
    private final PageMarks marks;
    private final KvmVm vm;
    /** What {@link #ram} is a private mapping of, or {@code null}. */
    private final FrozenMemory origin;
    private final List<DirtyLog> logs = new ArrayList<>();
    /** How the RAM was when it stood still the last time, or {@code null}. */
    private FrozenMemory last;
    private boolean isTracked;
    /** Written between the machine's start from {@link #origin} and {@link #last}. */
    private final BitSet beforeLast = new BitSet();

    /**
     * Gives the RAM to {@code vm}.
     *
     * @param parts   holds {@code origin}, which is held here once more
     * @param slots   KVM's, by their numbers
     * @param isTracked whether KVM's log is on from the start; else it is after the first freeze
     */
    public RamHistory(Ram parts, List<Slot> slots, KvmVm vm, boolean isTracked) throws KvmException {
        this.ram = parts.mapping();
        this.touched = parts.touched();
        this.marks = parts.marks();
        this.slots = List.copyOf(slots);
        this.vm = vm;
        this.isTracked = isTracked;
        setSlots(isTracked);
        boolean hasOrigin = parts.origin() != null;
        this.origin = hasOrigin && parts.isShared() ? parts.origin().hold() : null;
        this.last = hasOrigin ? parts.origin().hold() : null;
    }

    private void setSlots(boolean isLogged) throws KvmException {
        for (Slot slot : slots) {
            vm.setUserMemoryRegion(slot.number(), isLogged ? KvmUserspaceMemoryRegion.KVM_MEM_LOG_DIRTY_PAGES : 0, slot.gpa(), slot.length(),
                    ram.address() + slot.offset());
        }
    }

    private void track() throws KvmException {
        if (isTracked) {
            return;
        }
        setSlots(true);
        takeWritten(); // what came before
        isTracked = true;
    }

    /** Whether this came from {@code memory}, or was the last time it stood still. */
    public boolean canRevertTo(FrozenMemory memory) {
        return memory == origin || memory == last && isTracked;
    }

    /** The RAM as it is now, held by the caller, for others to go on from. When this fails all is as it was before. */
    public FrozenMemory freeze() throws IOException {
        BitSet written = new BitSet();
        FrozenMemory now;
        if (last != null && isTracked) {
            written = takeWritten();
            try {
                now = layer(written);
            } catch (IOException | RuntimeException | Error e) {
                keep(written);
                throw e;
            }
        } else {
            if (origin != null) {
                written = Residency.written(ram);
            }
            now = origin == null ? whole(ram, touched.find()) : layer(written);
            try {
                track();
            } catch (IOException | RuntimeException | Error e) {
                now.release();
                throw e;
            }
        }
        beforeLast.or(written);
        if (last != null) {
            last.release();
        }
        last = now.hold();
        return now;
    }

    /** What was taken counts as written still. */
    private void keep(BitSet written) {
        written.stream().forEach(page -> marks.mark(page, page));
    }

    private static FrozenMemory whole(Mapping ram, BitSet pages) throws IOException {
        PageCopy copy = PageCopy.of(ram, pages);
        return FrozenMemory.of(ram.length(), copy.file(), copy.data());
    }

    private FrozenMemory layer(BitSet written) throws IOException {
        return layerOver(last, ram, written);
    }

    /** {@code below} with pages of {@code ram} over it, held by the caller, who keeps the hold of {@code below}; the others are as there. */
    static FrozenMemory layerOver(FrozenMemory below, Mapping ram, BitSet written) throws IOException {
        if (written.isEmpty()) {
            return below.hold();
        }
        BitSet pages = (BitSet) written.clone();
        Pages.bridge(pages, LAYER_GAP);
        PageCopy copy = PageCopy.of(ram, pages);
        FrozenMemory layered = below.under(copy.file(), pieces(pages, copy));
        if (layered.runs().size() <= FrozenMemory.RUNS_MAX) {
            return layered;
        }
        try {
            return whole(ram, layered.pages());
        } finally {
            layered.release();
        }
    }

    /** The copied pages and, as pieces without a file, long runs of zeros among them. */
    private static List<FrozenRun> pieces(BitSet pages, PageCopy copy) {
        List<FrozenRun> pieces = new ArrayList<>();
        for (FrozenRun run : Pages.runs(pages, 0, copy.file())) {
            int at = Pages.of(run.offset());
            int end = Pages.of(run.end());
            while (at < end) {
                int data = copy.data().nextSetBit(at);
                data = data < 0 ? end : Math.min(data, end);
                int to = data - at >= ZEROS_MIN || data == end && at == Pages.of(run.offset()) ? data : endOfData(copy.data(), data, end);
                boolean isZeros = to == data;
                pieces.add(new FrozenRun(Pages.bytes(at), Pages.bytes(to - at), isZeros ? null : copy.file()));
                at = to;
            }
        }
        return pieces;
    }

    /** Where, from {@code data} on, many zeros begin. */
    private static int endOfData(BitSet data, int from, int end) {
        int zeros = Math.min(data.nextClearBit(from), end);
        while (zeros < end) {
            int next = data.nextSetBit(zeros);
            next = next < 0 ? end : Math.min(next, end);
            if (next - zeros >= ZEROS_MIN) {
                return zeros;
            }
            zeros = next == end ? end : Math.min(data.nextClearBit(next), end);
        }
        return end;
    }

    /**
     * Puts the RAM back to what it was.
     *
     * @param memory one that {@link #canRevertTo} says so of
     * @return pages put back
     */
    public int revertTo(FrozenMemory memory) throws IOException {
        if (memory != origin) {
            BitSet written = takeWritten();
            memory.copyTo(ram, written);
            beforeLast.or(written);
            return written.cardinality();
        }
        BitSet written = isTracked ? takeWritten() : Residency.written(ram);
        written.or(beforeLast);
        drop(written);
        if (last != origin) {
            last.release();
            last = origin.hold();
        }
        beforeLast.clear();
        return written.cardinality();
    }

    private void drop(BitSet written) throws LinuxException {
        for (FrozenRun run : Pages.runs(written, LAYER_GAP, null)) {
            ram.advise(Mapping.MADV_DONTNEED, run.offset(), run.length());
        }
    }

    /** What has been written since the last call. */
    private BitSet takeWritten() throws KvmException {
        BitSet written = new BitSet();
        try {
            for (Slot slot : slots) {
                addLog(slot, written);
            }
        } catch (KvmException | RuntimeException | Error e) {
            keep(written); // KVM has forgotten it
            throw e;
        }
        marks.takeInto(written);
        return written;
    }

    private void addLog(Slot slot, BitSet written) throws KvmException {
        if (logs.size() == slot.number()) {
            logs.add(vm.dirtyLog(slot.number(), slot.length()));
        }
        LongBuffer log = logs.get(slot.number()).read();
        int first = Pages.of(slot.offset());
        for (int word = 0; word < log.limit(); word++) {
            for (long bits = log.get(word); bits != 0; bits &= bits - 1) {
                written.set(first + (word << 6) + Long.numberOfTrailingZeros(bits));
            }
        }
    }

    /** Lets go of what is held; the RAM is its owner's. */
    @Override
    public void close() {
        if (last != null) {
            last.release();
        }
        if (origin != null) {
            origin.release();
        }
    }
}
