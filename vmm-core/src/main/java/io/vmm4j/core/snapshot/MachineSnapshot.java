package io.vmm4j.core.snapshot;

import io.vmm4j.core.VmRestore;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.layout.AddressMap;
import io.vmm4j.core.machine.FrozenMachine;
import io.vmm4j.core.machine.MachineState;
import io.vmm4j.core.memory.FrozenFile;
import io.vmm4j.core.memory.FrozenMemory;
import io.vmm4j.core.memory.FrozenRun;
import io.vmm4j.core.snapshot.file.MemoryLayout;
import io.vmm4j.core.snapshot.file.SnapshotCheck;
import io.vmm4j.core.snapshot.file.SnapshotId;
import io.vmm4j.core.snapshot.file.SnapshotInfo;
import io.vmm4j.core.snapshot.file.SnapshotLabel;
import io.vmm4j.core.snapshot.file.SnapshotReader;
import io.vmm4j.core.snapshot.file.SnapshotWriter;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * A machine as it was at a moment, memory, vCPUs, clocks and devices: {@link io.vmm4j.core.Vm#snapshot()} takes one, and any number of machines go on
 * from it, at once, each with what it writes to itself. Thread-safe.
 *
 * <pre>{@code
 * try (MachineSnapshot snapshot = vm.snapshot();
 *         Vm fork = snapshot.restore().vsock(socket).build()) {
 *     fork.start();
 * }
 * }</pre>
 *
 * <p>It has the machine's memory, as far as the guest had used it, in memory of its own. Closed, it lets go of that; machines that came from it keep what
 * they need.
 */
public final class MachineSnapshot implements AutoCloseable {

    /** 8 TiB less a page: as many pages as are told apart. */
    private static final long MEMORY_MAX = (1L << 43) - 4096;

    private final String machine;
    private final FrozenMachine frozen;
    /** Of one from files; else null. */
    private final Opened opened;
    private boolean isClosed;
    /** What it was saved as last, or opened as; null when neither. */
    private volatile SnapshotId savedAs;

    private MachineSnapshot(String machine, FrozenMachine frozen, Opened opened) {
        this.machine = machine;
        this.frozen = frozen;
        this.opened = opened;
    }

    /** A memory file, and what it is to be like. */
    private record Opened(Fd memory, SnapshotCheck check) {
    }

    /**
     * For machines: the type is no part of the API.
     *
     * @param machine the machine's name
     * @param frozen  held by the caller, who gives that hold away
     */
    @SuppressWarnings("exports")
    public static MachineSnapshot of(String machine, FrozenMachine frozen) {
        return new MachineSnapshot(machine, frozen, null);
    }

    /**
     * Opens one that was saved. Its memory is read from the file when machines that come from it touch it: the files are not to be cut short or written to,
     * and may be replaced or removed.
     *
     * @param directory that it was saved as
     * @throws IOException       in one line, when there is none, or it is damaged, foreign, or newer than this program
     * @throws SnapshotException in one line, when it is only a diff, or its state is no machine's
     */
    public static MachineSnapshot open(Path directory) throws SnapshotException, IOException {
        try (SnapshotReader reader = SnapshotReader.open(directory)) {
            return open(reader, directory);
        }
    }

    /** As the other, of a state and a memory file that have places of their own. */
    public static MachineSnapshot open(Path stateFile, Path memoryFile) throws SnapshotException, IOException {
        try (SnapshotReader reader = SnapshotReader.open(stateFile, memoryFile)) {
            return open(reader, stateFile);
        }
    }

    /**
     * What the snapshot in {@code directory}, which may be a diff, is told apart by, as {@link #id()}.
     *
     * @throws IOException as {@link #open(Path)}
     */
    public static String idOf(Path directory) throws IOException {
        try (SnapshotReader reader = SnapshotReader.open(directory)) {
            return reader.info().id().text();
        }
    }

    private static MachineSnapshot open(SnapshotReader reader, Path place) throws SnapshotException, IOException {
        SnapshotInfo info = reader.info();
        if (info.isDiff()) {
            throw new SnapshotException(place + " is only what differs from snapshot " + info.base().get() + ": merge it with that one first");
        }
        MachineState state = stateOf(reader.machine(), reader.layout(), place);
        FrozenMemory memory = memoryOf(reader);
        try {
            Opened opened = new Opened(Fd.duplicate(reader.memory().value()), reader.check());
            MachineSnapshot snapshot = new MachineSnapshot(info.label().name(), new FrozenMachine(state, memory, Map.of()), opened);
            snapshot.savedAs = info.id();
            return snapshot;
        } catch (IOException | RuntimeException | Error e) {
            memory.release();
            throw e;
        }
    }

    private static FrozenMemory memoryOf(SnapshotReader reader) throws IOException {
        return FrozenMemory.of(reader.layout().size(), new FrozenFile(Fd.duplicate(reader.memory().value()), 0));
    }

    /**
     * Reads all of the memory of one that was opened, and holds it against the checksums that were saved with it: opening has looked at a few pages. Of
     * one that was taken here there is nothing to read.
     *
     * @throws IOException           in one line, naming the first 2 MiB that are not as they were saved
     * @throws IllegalStateException when this is closed
     */
    public void verify() throws IOException {
        Fd file;
        synchronized (this) {
            requireOpen();
            if (opened == null) {
                return;
            }
            file = Fd.duplicate(opened.memory.value());
        }
        try (file) {
            opened.check.verify(file, done -> { });
        }
    }

    /**
     * Opens the state alone, full or a diff's, for machines whose memory a handler brings in: {@link VmRestore#memoryHandler}. Without one nothing comes
     * from it, and it cannot be saved.
     *
     * @param stateFile of one that was saved
     * @throws IOException       in one line, when there is none, or it is damaged, foreign, or newer than this program
     * @throws SnapshotException in one line, when its state is no machine's
     */
    public static MachineSnapshot openState(Path stateFile) throws SnapshotException, IOException {
        SnapshotReader.Saved saved = SnapshotReader.openState(stateFile);
        MachineState state = stateOf(saved.machine(), saved.layout(), stateFile);
        return new MachineSnapshot(saved.info().label().name(), new FrozenMachine(state, FrozenMemory.elsewhere(saved.layout().size()), Map.of()), null);
    }

    private static MachineState stateOf(State machine, MemoryLayout layout, Path place) throws SnapshotException {
        MachineState state;
        try {
            state = MachineState.of(machine);
        } catch (StateException e) {
            // What it quotes may be anybody's.
            throw new SnapshotException(place + " is no machine's: " + e.getMessage().replaceAll("\\p{Cntrl}+", " "));
        }
        if (layout.size() > MEMORY_MAX) {
            throw new SnapshotException(place + " has " + layout.size() + " bytes of memory, more than the " + MEMORY_MAX + " that can be restored");
        }
        if (!layout.equals(layoutOf(state.config()))) {
            throw new SnapshotException(place + " has " + layout.size() + " bytes of memory, and its configuration another size");
        }
        return state;
    }

    private static MemoryLayout layoutOf(VmConfig config) {
        return new MemoryLayout(AddressMap.ramRegions(config.machineConfig().memoryBytes()).stream()
                .map(region -> new MemoryLayout.Region(region.gpa(), region.length())).toList());
    }

    /** {@link #save(SnapshotTarget)} as a new directory. */
    public void save(Path directory) throws SnapshotException, IOException {
        save(SnapshotTarget.directory(directory));
    }

    /**
     * Saves it, for machines in other processes, and later ones. It is complete, and on the medium, when this returns, and is not there before, whatever
     * happens; pages of zeros take no room.
     *
     * @throws SnapshotException     when a drive's changes are in memory, where machines write that came from a snapshot themselves; when {@code target} is a
     *     diff to one that has not been saved
     * @throws IOException           in one line, when the host refuses; nothing is left of it then
     * @throws IllegalStateException when this is closed
     */
    public void save(SnapshotTarget target) throws SnapshotException, IOException {
        FrozenMachine held = hold();
        try {
            requireWhole(held);
            SnapshotId base = target.base() == null ? null : target.base().savedAs;
            if (target.base() != null && base == null) {
                throw new SnapshotException("the snapshot that this is to be a diff to has not been saved");
            }
            write(held, target, base);
        } catch (StateException e) {
            throw new SnapshotException("the machine is too large for a file: " + e.getMessage());
        } finally {
            held.release();
        }
    }

    private static void requireWhole(FrozenMachine held) throws SnapshotException {
        if (held.memory().isElsewhere()) {
            throw new SnapshotException("the snapshot was opened without its memory");
        }
        if (!held.changedDrives().isEmpty()) {
            throw new SnapshotException("drive " + String.join(", ", held.changedDrives()) + " has its changes in memory, and not on its image: "
                    + "a machine whose drives write to their images can be saved");
        }
    }

    private void write(FrozenMachine held, SnapshotTarget target, SnapshotId base) throws StateException, IOException {
        MachineState state = held.state();
        FrozenPages pages = new FrozenPages(held.memory());
        MemoryLayout layout = layoutOf(state.config());
        try (SnapshotWriter writer = target.begin()) {
            if (base == null) {
                writer.full(layout, pages, pages.mayHoldData());
            } else {
                writer.diff(layout, pages, pages.differingFrom(target.base().frozen().memory()), base);
            }
            writer.commit(new SnapshotLabel(machine, state.vcpus().size(), List.copyOf(new TreeSet<>(state.parts().keySet()))), state.toState());
            savedAs = writer.id();
        }
    }

    private synchronized FrozenMachine hold() {
        requireOpen();
        return frozen.hold();
    }

    /** What the machine was called. */
    public String machine() {
        return machine;
    }

    /** What it was saved as last, or opened as: 32 hexadecimal digits, which a diff to it names; empty when it was neither. */
    public Optional<String> id() {
        return Optional.ofNullable(savedAs).map(SnapshotId::text);
    }

    /** What the machine was, with what had been added to it. */
    public VmConfig config() {
        return frozen.state().config();
    }

    /** Bytes of memory that it has of the guest's, without what was zero. */
    public long usedBytes() {
        return frozen.memory().runs().stream().mapToLong(FrozenRun::length).sum();
    }

    /**
     * What makes a machine that goes on from here. While it is used this stays open.
     *
     * @throws IllegalStateException when this is closed
     */
    public synchronized VmRestore restore() {
        requireOpen();
        return new VmRestore(frozen);
    }

    /** For machines: the type is no part of the API. */
    @SuppressWarnings("exports")
    public synchronized FrozenMachine frozen() {
        requireOpen();
        return frozen;
    }

    private void requireOpen() {
        if (isClosed) {
            throw new IllegalStateException("the snapshot of " + machine + " is closed");
        }
    }

    /** Lets go of it; a second call does nothing. */
    @Override
    public synchronized void close() {
        if (!isClosed) {
            isClosed = true;
            frozen.release();
            if (opened != null) {
                opened.memory.close();
            }
        }
    }
}
