package io.vmm4j.core.snapshot.file;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * An open snapshot. Its two files belong together however often another takes their place meanwhile, and stay what they are for whoever has
 * them open or mapped.
 *
 * <p>Opening reads all of the state, whose checksum is over everything, and of the memory its length and a few pages; {@link #verify} reads the
 * rest. Only the files named are opened, and no symbolic link in a snapshot's directory is followed.
 *
 * <p>Thread-safe but for {@link #close}.
 */
public final class SnapshotReader implements AutoCloseable {

    /** The format of state files that is written, and the newest that is read. */
    public static final int FORMAT = StateFile.FORMAT;

    private static final int ATTEMPTS = 8;
    /** Neither a link nor a pipe that waits for its other end. */
    private static final int READ = Fd.O_RDONLY | Fd.O_NONBLOCK | Fd.O_NOFOLLOW;

    private final StateFile file;
    private final Manifest manifest;
    private final Fd memory;
    private final Path memoryPath;

    private SnapshotReader(StateFile file, Manifest manifest, Fd memory, Path memoryPath) {
        this.file = file;
        this.manifest = manifest;
        this.memory = memory;
        this.memoryPath = memoryPath;
    }

    /**
     * Opens a snapshot's directory.
     *
     * @throws SnapshotFileException in one line, when there is none, or it is damaged, foreign or newer than this program
     */
    public static SnapshotReader open(Path directory) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try (Fd entered = enter(directory)) {
                return openIn(entered, directory);
            } catch (ReplacedException e) {
                if (attempt == ATTEMPTS) {
                    throw new SnapshotFileException(directory + " is no snapshot: it has no file " + e.name);
                }
            }
        }
    }

    /** A file is gone from a directory that was entered: that is no snapshot's, or another has taken its place since. */
    private static final class ReplacedException extends IOException {
        private static final long serialVersionUID = 1L;
        private final String name;

        ReplacedException(String name) {
            super(name);
            this.name = name;
        }
    }

    private static Fd enter(Path directory) throws IOException {
        try {
            return Fd.open(directory, Fd.O_RDONLY | Fd.O_DIRECTORY);
        } catch (LinuxException e) {
            throw e.errno() == Errno.ENOTDIR ? new SnapshotFileException(directory + " is not a directory, and so no snapshot")
                    : new SnapshotFileException(directory, "cannot be opened", e);
        }
    }

    private static SnapshotReader openIn(Fd directory, Path path) throws IOException {
        Path statePath = path.resolve(Temporary.STATE);
        Path memoryPath = path.resolve(Temporary.MEMORY);
        StateFile file;
        try (Fd state = openIn(directory, Temporary.STATE, statePath)) {
            file = read(state, statePath);
        }
        return withMemory(file, statePath, openIn(directory, Temporary.MEMORY, memoryPath), memoryPath);
    }

    private static Fd openIn(Fd directory, String name, Path path) throws IOException {
        try {
            return directory.openAt(name, READ, 0);
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOENT) {
                throw new ReplacedException(name);
            }
            throw cannotOpen(path, e);
        }
    }

    private static SnapshotFileException cannotOpen(Path path, LinuxException e) {
        return e.errno() == Errno.ELOOP ? new SnapshotFileException(path + " is a symbolic link, which a snapshot has none of")
                : new SnapshotFileException(path, "cannot be opened", e);
    }

    /** Opens a state file and a memory file that have places of their own, by links where they are named by such. */
    public static SnapshotReader open(Path stateFile, Path memoryFile) throws IOException {
        StateFile file = readState(stateFile);
        return withMemory(file, stateFile, openFile(memoryFile), memoryFile);
    }

    /** What a state file says, without its memory file. */
    public static SnapshotInfo describe(Path stateFile) throws IOException {
        StateFile file = readState(stateFile);
        return manifest(file, stateFile).info(file.program(), file.format());
    }

    /**
     * A snapshot whose memory is elsewhere.
     *
     * @param info    what it says of itself
     * @param layout  of the RAM
     * @param machine the machine's own state, as it was given to {@link SnapshotWriter#commit}
     */
    public record Saved(SnapshotInfo info, MemoryLayout layout, State machine) {
    }

    /** All that a state file says, without its memory file. */
    public static Saved openState(Path stateFile) throws IOException {
        StateFile file = readState(stateFile);
        Manifest manifest = manifest(file, stateFile);
        return new Saved(manifest.info(file.program(), file.format()), manifest.memory().layout(), manifest.machine());
    }

    private static StateFile readState(Path stateFile) throws IOException {
        try (Fd state = openFile(stateFile)) {
            return read(state, stateFile);
        }
    }

    private static Fd openFile(Path path) throws IOException {
        try {
            return Fd.open(path, Fd.O_RDONLY | Fd.O_NONBLOCK);
        } catch (LinuxException e) {
            throw cannotOpen(path, e);
        }
    }

    private static StateFile read(Fd state, Path path) throws IOException {
        try {
            return StateFile.read(state, path);
        } catch (SnapshotFileException e) {
            throw e;
        } catch (IOException e) {
            throw new SnapshotFileException(path, "cannot be read", e);
        }
    }

    private static Manifest manifest(StateFile file, Path path) throws SnapshotFileException {
        try {
            return Manifest.restore(file.state());
        } catch (StateException e) {
            throw new SnapshotFileException(path + " is no snapshot's state: " + e.getMessage());
        }
    }

    /** @param memory closed when this fails */
    private static SnapshotReader withMemory(StateFile file, Path statePath, Fd memory, Path memoryPath) throws IOException {
        boolean isOpen = false;
        try {
            Manifest manifest = manifest(file, statePath);
            MemoryCheck.atOpen(memory, memoryPath, manifest.memory());
            isOpen = true;
            return new SnapshotReader(file, manifest, memory, memoryPath);
        } catch (SnapshotFileException e) {
            throw e;
        } catch (IOException e) {
            throw new SnapshotFileException(memoryPath, "cannot be read", e);
        } finally {
            if (!isOpen) {
                memory.close();
            }
        }
    }

    public SnapshotInfo info() {
        return manifest.info(file.program(), file.format());
    }

    /** The machine's own state, as it was given to {@link SnapshotWriter#commit}. */
    public State machine() {
        return manifest.machine();
    }

    /** Of the RAM, and so of the memory file. */
    public MemoryLayout layout() {
        return manifest.memory().layout();
    }

    /**
     * The memory file, for reading, as long as the RAM: to be mapped privately, or read. A diff's has only {@link #pages}. Closed with this; what
     * is mapped stays, and a {@linkplain Fd#duplicate duplicate} too.
     */
    public Fd memory() {
        return memory;
    }

    /** Of a diff the pages in it; empty of a full one. A copy. */
    public Optional<PageSet> pages() {
        return Optional.ofNullable(manifest.memory().pages()).map(PageSet::copy);
    }

    /**
     * Reads all of the memory file that is not a hole and holds it against the checksums of the state.
     *
     * @param progress told the bytes of RAM that are done with, now and then
     * @throws SnapshotFileException in one line, naming the first 2 MiB that are not as they were written
     */
    public void verify(LongConsumer progress) throws IOException {
        check().verify(memory, progress);
    }

    /** For a {@linkplain Fd#duplicate duplicate} of {@link #memory} that outlives this. */
    public SnapshotCheck check() {
        return new SnapshotCheck(memoryPath, manifest.memory());
    }

    /** Fills {@code direct} from its position to its limit with what is at {@code offset} of the memory file. */
    void read(ByteBuffer direct, long offset) throws SnapshotFileException {
        try {
            FileBytes.read(memory, direct, offset);
        } catch (IOException e) {
            throw new SnapshotFileException(memoryPath, "cannot be read", e);
        }
    }

    MemoryTable table() {
        return manifest.memory();
    }

    SnapshotLabel label() {
        return manifest.label();
    }

    @Override
    public void close() {
        memory.close();
    }
}
