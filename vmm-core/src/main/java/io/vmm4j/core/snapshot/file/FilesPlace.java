package io.vmm4j.core.snapshot.file;

import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A state file and a memory file at places of their own, each made beside it. Each takes the place of what is there in one step, but not both
 * in one: a process killed between the two leaves the new memory with the old state, which are refused together. An error between the two puts the
 * old memory back.
 *
 * <p>Confined to one thread.
 */
final class FilesPlace implements Place {

    private static final Logger LOG = LoggerFactory.getLogger(FilesPlace.class);

    private final Path statePath;
    private final Path memoryPath;
    private final Temporary state;
    private final Temporary memory;
    private boolean isMemoryMoved;
    private boolean isStateMoved;

    private FilesPlace(Path statePath, Path memoryPath, Temporary state, Temporary memory) {
        this.statePath = statePath;
        this.memoryPath = memoryPath;
        this.state = state;
        this.memory = memory;
    }

    static FilesPlace create(Path stateFile, Path memoryFile) throws IOException {
        Path statePath = stateFile.toAbsolutePath().normalize();
        Path memoryPath = memoryFile.toAbsolutePath().normalize();
        if (statePath.equals(memoryPath)) {
            throw new SnapshotFileException(stateFile + " cannot be both the state and the memory of a snapshot");
        }
        Temporary state = make(statePath);
        try {
            return new FilesPlace(statePath, memoryPath, state, make(memoryPath));
        } catch (IOException e) {
            discard(state);
            throw e;
        }
    }

    private static Temporary make(Path place) throws IOException {
        if (place.getFileName() == null || Files.exists(place, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(place, LinkOption.NOFOLLOW_LINKS)
                && !Files.isSymbolicLink(place)) {
            throw new SnapshotFileException(place + " is there already, and is not a regular file");
        }
        try {
            Temporary.clearLeftOvers(place);
            Temporary.clear(place, Temporary.PREVIOUS);
            return Temporary.file(place);
        } catch (NoSuchFileException e) {
            throw new SnapshotFileException(place + " cannot be made: there is no directory " + place.getParent());
        } catch (IOException e) {
            throw new SnapshotFileException(place, "cannot be made", e);
        }
    }

    @Override
    public Fd state() {
        return state.fd();
    }

    @Override
    public Fd memory() {
        return memory.fd();
    }

    @Override
    public Path statePath() {
        return statePath;
    }

    @Override
    public Path memoryPath() {
        return memoryPath;
    }

    @Override
    public void commit() throws IOException {
        memory.fd().sync();
        state.fd().sync();
        Path old = Temporary.keepBeside(memoryPath);
        try {
            move(memory, memoryPath);
            isMemoryMoved = true;
            syncParent(memoryPath);
            move(state, statePath);
            isStateMoved = true;
        } catch (IOException | RuntimeException | Error e) {
            putBack(old, e);
            throw e;
        }
        finish(old);
    }

    /** The snapshot is there whatever comes of it. */
    private void finish(Path old) {
        try {
            syncParent(statePath);
        } catch (IOException e) {
            LOG.warn("the snapshot {} is saved, but its name may not be on the medium yet: {}", statePath, e.toString());
        }
        try {
            if (old != null) {
                Files.deleteIfExists(old);
            }
        } catch (IOException e) {
            LOG.warn("the memory that {} replaces was not removed: {}", memoryPath, e.toString());
        }
    }

    private static void move(Temporary made, Path place) throws IOException {
        Files.move(made.path(), place, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void syncParent(Path place) throws IOException {
        try (Fd parent = Fd.open(place.getParent(), Fd.O_RDONLY | Fd.O_DIRECTORY)) {
            parent.sync();
        }
    }

    /** The memory that the state which is still there belongs to. */
    private void putBack(Path old, Throwable why) {
        try {
            if (!isMemoryMoved) {
                if (old != null) {
                    Files.deleteIfExists(old);
                }
            } else if (old != null) {
                Files.move(old, memoryPath, StandardCopyOption.ATOMIC_MOVE);
            } else if (!Files.exists(statePath, LinkOption.NOFOLLOW_LINKS)) {
                Files.deleteIfExists(memoryPath); // there was none before
            }
        } catch (IOException e) {
            why.addSuppressed(e);
        }
    }

    @Override
    public void close() {
        close(state, isStateMoved);
        close(memory, isMemoryMoved);
    }

    private static void close(Temporary made, boolean isMoved) {
        if (isMoved) {
            made.close();
        } else {
            discard(made);
        }
    }

    private static void discard(Temporary made) {
        try {
            Temporary.remove(made.path(), false);
        } catch (IOException e) {
            LOG.warn("{} was not removed: {}", made.path(), e.toString());
        } finally {
            made.close();
        }
    }
}
