package io.vmm4j.core.snapshot.file;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Writes one snapshot: the memory, then {@link #commit} with the state. It is complete when that returns, and is not there before; whatever
 * fails is one line that names the file and the reason, and {@link #close} without a commit leaves nothing behind.
 *
 * <pre>
 *   try (SnapshotWriter writer = SnapshotWriter.create(directory, false)) {
 *       writer.full(layout, PageSource.of(mapping, null), resident);
 *       writer.commit(label, machine);
 *   }
 * </pre>
 *
 * <p>Confined to one thread. What is saved stands still until {@link #full} or {@link #diff} is back; the state may be gathered before or after.
 */
public final class SnapshotWriter implements AutoCloseable {

    private static final LongConsumer NOBODY = done -> {
    };

    private final Place place;
    private final SnapshotId id;
    private final Instant created;
    private LongConsumer progress = NOBODY;
    private MemoryTable memory;
    private Optional<SnapshotId> base = Optional.empty();

    private SnapshotWriter(Place place, SnapshotId id, Instant created) {
        this.place = place;
        this.id = id;
        this.created = created.truncatedTo(ChronoUnit.MILLIS);
    }

    /**
     * Begins a snapshot that is going to be the directory {@code directory}, whose parent is there. What killed saves to the same place have
     * left beside it is removed.
     *
     * @param replace whether a snapshot that is there is replaced, in one step and on success only; else it is refused now
     */
    public static SnapshotWriter create(Path directory, boolean replace) throws IOException {
        return create(DirectoryPlace.create(directory, replace), Instant.now());
    }

    /**
     * Begins a snapshot whose two files have places of their own, as Firecracker's API names them. Files that are there are replaced, each in
     * one step: one that is open or mapped stays what it is for whoever has it.
     */
    public static SnapshotWriter create(Path stateFile, Path memoryFile) throws IOException {
        return create(FilesPlace.create(stateFile, memoryFile), Instant.now());
    }

    private static SnapshotWriter create(Place place, Instant created) throws IOException {
        try {
            return new SnapshotWriter(place, SnapshotId.random(), created);
        } catch (LinuxException e) {
            place.close();
            throw e;
        }
    }

    /** The one that a merge makes: it is the snapshot of that id, taken then, in another form. */
    static SnapshotWriter create(Path directory, boolean replace, SnapshotId id, Instant created) throws IOException {
        return new SnapshotWriter(DirectoryPlace.create(directory, replace), id, created);
    }

    /** The id that it is going to have, which a diff to it names. */
    public SnapshotId id() {
        return id;
    }

    /** Has {@code listener} told the bytes of RAM that are done with, now and then while memory is written, on the writing thread. */
    public void onProgress(LongConsumer listener) {
        progress = listener;
    }

    /**
     * Writes all of the memory.
     *
     * @param layout of the RAM
     * @param source its pages
     * @param pages  those that may hold something: all others are zeros. A page in it that is all zeros takes no room either.
     */
    public void full(MemoryLayout layout, PageSource source, PageSet pages) throws IOException {
        write(layout, source, pages, Optional.empty());
    }

    /**
     * Writes what differs from another snapshot.
     *
     * @param pages those that may differ; what is in it and zero is told apart from what is not in it
     * @param of    the snapshot that all other pages are as in
     */
    public void diff(MemoryLayout layout, PageSource source, PageSet pages, SnapshotId of) throws IOException {
        write(layout, source, pages, Optional.of(of));
    }

    private void write(MemoryLayout layout, PageSource source, PageSet pages, Optional<SnapshotId> of) throws IOException {
        if (memory != null) {
            throw new IllegalStateException("the memory is written");
        }
        base = of;
        try {
            memory = MemoryWriter.write(place.memory(), source, layout, pages, of.isPresent(), progress);
        } catch (SnapshotFileException e) {
            throw e; // of what is read
        } catch (IOException e) {
            throw new SnapshotFileException(place.memoryPath(), "cannot be written", e);
        }
    }

    /**
     * Writes the state, has all of it on the medium and puts the snapshot in its place.
     *
     * @param machine the machine's own state: anything that can be read again
     * @throws StateException when {@code machine} has more than a state file can hold
     */
    public SnapshotInfo commit(SnapshotLabel label, State machine) throws IOException, StateException {
        if (memory == null) {
            throw new IllegalStateException("the memory is not written");
        }
        Manifest manifest = new Manifest(id, base, created, label, memory, machine);
        String program = ProgramVersion.text();
        byte[] state = StateFile.encode(program, manifest.save());
        Path path = place.statePath();
        try {
            StateFile.write(place.state(), state);
            path = place.memoryPath().getParent();
            place.commit();
        } catch (SnapshotFileException e) {
            throw e;
        } catch (IOException e) {
            throw new SnapshotFileException(path, "cannot be written", e);
        }
        return manifest.info(program, StateFile.FORMAT);
    }

    /** Lets go of the files. Without a commit before, nothing is left of them. */
    @Override
    public void close() {
        place.close();
    }
}
