package io.vmm4j.core.snapshot;

import io.vmm4j.core.snapshot.file.SnapshotWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.LongConsumer;

/** Where and how a {@link MachineSnapshot} is saved. Immutable. */
public final class SnapshotTarget {

    private static final LongConsumer NOBODY = bytes -> { };

    private final Path directory;
    private final Path stateFile;
    private final Path memoryFile;
    private final boolean isReplaced;
    private final MachineSnapshot base;
    private final LongConsumer progress;

    private SnapshotTarget(Path directory, Path stateFile, Path memoryFile, boolean isReplaced, MachineSnapshot base, LongConsumer progress) {
        this.directory = directory;
        this.stateFile = stateFile;
        this.memoryFile = memoryFile;
        this.isReplaced = isReplaced;
        this.base = base;
        this.progress = progress;
    }

    /** A directory that is made, in one that is there; when something is there, that is refused, but for {@link #replacing}. */
    public static SnapshotTarget directory(Path directory) {
        return new SnapshotTarget(Objects.requireNonNull(directory, "directory"), null, null, false, null, NOBODY);
    }

    /** A file for the state and one for the memory; files that are there are replaced. */
    public static SnapshotTarget files(Path stateFile, Path memoryFile) {
        return new SnapshotTarget(null, Objects.requireNonNull(stateFile, "stateFile"), Objects.requireNonNull(memoryFile, "memoryFile"), true, null, NOBODY);
    }

    /** The same, in place of a snapshot that is there, in one step: machines that run from it keep what they have of it. */
    public SnapshotTarget replacing() {
        return new SnapshotTarget(directory, stateFile, memoryFile, true, base, progress);
    }

    /**
     * The same, with only the memory that differs from another snapshot's, which has been saved before. Small when this one was taken of the machine that
     * {@code other} was taken of, or of one that came from it.
     */
    public SnapshotTarget diffTo(MachineSnapshot other) {
        return new SnapshotTarget(directory, stateFile, memoryFile, isReplaced, Objects.requireNonNull(other, "other"), progress);
    }

    /** The same, with {@code listener} told now and then, on the saving thread, how many bytes of the guest's memory are done with. */
    public SnapshotTarget onProgress(LongConsumer listener) {
        return new SnapshotTarget(directory, stateFile, memoryFile, isReplaced, base, Objects.requireNonNull(listener, "listener"));
    }

    /**
     * Looks whether a snapshot can be saved there now; nothing is left of the attempt.
     *
     * @throws IOException in one line, naming what is in the way: something is there already, its directory is missing, it may not be written to
     */
    public void check() throws IOException {
        begin().close();
    }

    /** What it is a diff to, or {@code null}. */
    MachineSnapshot base() {
        return base;
    }

    SnapshotWriter begin() throws IOException {
        SnapshotWriter writer = directory == null ? SnapshotWriter.create(stateFile, memoryFile) : SnapshotWriter.create(directory, isReplaced);
        writer.onProgress(progress);
        return writer;
    }
}
