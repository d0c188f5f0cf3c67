package io.vmm4j.core.snapshot.file;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileName;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A snapshot's directory with its two files, made beside its place. What is there already stays as it is until the new one is on the medium,
 * and then changes names with it in one step. Its files are never written to: who has them open or mapped keeps them.
 *
 * <p>Confined to one thread.
 */
final class DirectoryPlace implements Place {

    private static final String PREVIOUS = ".previous-";
    private static final int FILE_MODE = 0600;
    private static final int NEW_FILE = Fd.O_RDWR | Fd.O_CREAT | Fd.O_EXCL | Fd.O_NOFOLLOW;
    private static final Set<String> OWN_FILES = Set.of(Temporary.STATE, Temporary.MEMORY);
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryPlace.class);

    private final Path place;
    private final boolean replaces;
    private final Temporary made;
    private final Fd state;
    private final Fd memory;
    /** What the one that is replaced is called afterwards: by an exchange it gets the new one's name. */
    private Path old;
    private boolean isCommitted;

    private DirectoryPlace(Path place, boolean replaces, Temporary made, Fd state, Fd memory) {
        this.place = place;
        this.replaces = replaces;
        this.made = made;
        this.state = state;
        this.memory = memory;
        this.old = made.path();
    }

    /**
     * Makes the directory that is going to be at {@code directory}.
     *
     * @param replaces whether a snapshot that is there may be replaced; an empty directory may always
     */
    static DirectoryPlace create(Path directory, boolean replaces) throws IOException {
        Path place = directory.toAbsolutePath().normalize();
        if (place.getFileName() == null) {
            throw new SnapshotFileException(directory + " cannot be a snapshot");
        }
        require(place, replaces);
        try {
            Temporary.clearLeftOvers(place);
            return make(place, replaces, Temporary.directory(place));
        } catch (NoSuchFileException e) {
            throw new SnapshotFileException(place + " cannot be made: there is no directory " + place.getParent());
        } catch (SnapshotFileException e) {
            throw e;
        } catch (IOException e) {
            throw new SnapshotFileException(place, "cannot be made", e);
        }
    }

    private static DirectoryPlace make(Path place, boolean replaces, Temporary made) throws IOException {
        Fd state = null;
        try {
            state = made.fd().openAt(Temporary.STATE, NEW_FILE, FILE_MODE);
            return new DirectoryPlace(place, replaces, made, state, made.fd().openAt(Temporary.MEMORY, NEW_FILE, FILE_MODE));
        } catch (IOException e) {
            if (state != null) {
                state.close();
            }
            discard(made);
            throw e;
        }
    }

    /** Refuses to take the place of what is not a snapshot, or of one that is to stay. */
    private static void require(Path place, boolean replaces) throws IOException {
        if (!Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
            throw new SnapshotFileException(place + " is there already, and is not a directory");
        }
        Set<String> names = names(place);
        if (!names.isEmpty() && !replaces) {
            throw new SnapshotFileException(place + " is there already");
        }
        if (!OWN_FILES.containsAll(names)) {
            names.removeAll(OWN_FILES);
            throw new SnapshotFileException(place + " is there already, and more than a snapshot: it has " + names.iterator().next() + " in it");
        }
    }

    private static Set<String> names(Path directory) throws IOException {
        Set<String> names = new TreeSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            files.forEach(file -> names.add(file.getFileName().toString()));
        }
        return names;
    }

    @Override
    public Fd state() {
        return state;
    }

    @Override
    public Fd memory() {
        return memory;
    }

    @Override
    public Path statePath() {
        return place.resolve(Temporary.STATE);
    }

    @Override
    public Path memoryPath() {
        return place.resolve(Temporary.MEMORY);
    }

    @Override
    public void commit() throws IOException {
        memory.sync();
        state.sync();
        made.fd().sync();
        takePlace();
        isCommitted = true;
        syncParent();
        removeOld();
    }

    private void takePlace() throws IOException {
        for (;;) {
            try {
                FileName.moveUnlessExists(made.path(), place);
                return;
            } catch (LinuxException e) {
                if (e.errno() != Errno.EEXIST && !isUnknown(e)) {
                    throw e;
                }
            }
            // Again, as it is now: it may be another one than when this save began.
            require(place, replaces);
            try {
                FileName.exchange(made.path(), place);
                return;
            } catch (LinuxException e) {
                if (isUnknown(e)) {
                    takePlaceInTwoSteps();
                    return;
                }
                if (e.errno() != Errno.ENOENT) {
                    throw e;
                }
            }
        }
    }

    private static boolean isUnknown(LinuxException e) {
        return e.errno() == Errno.EINVAL || e.errno() == Errno.ENOSYS;
    }

    /** Where the file system cannot have two files change names: for a moment the place is empty, and the old one beside it. */
    private void takePlaceInTwoSteps() throws IOException {
        old = place.resolveSibling(Temporary.prefix(place, PREVIOUS) + SnapshotId.random().text().substring(0, 8));
        boolean isOld = Files.exists(place, LinkOption.NOFOLLOW_LINKS);
        if (isOld) {
            Files.move(place, old, StandardCopyOption.ATOMIC_MOVE);
        }
        try {
            Files.move(made.path(), place, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            if (isOld) {
                Files.move(old, place, StandardCopyOption.ATOMIC_MOVE);
            }
            throw e;
        }
    }

    /** The new one is there whatever comes of it. */
    private void syncParent() {
        try (Fd parent = Fd.open(place.getParent(), Fd.O_RDONLY | Fd.O_DIRECTORY)) {
            parent.sync();
        } catch (IOException e) {
            LOG.warn("the snapshot {} is saved, but its name may not be on the medium yet: {}", place, e.toString());
        }
    }

    /** What was replaced, and what replacements before it were killed at. The new one is there whatever comes of it. */
    private void removeOld() {
        try {
            Temporary.remove(old, true);
            Temporary.clear(place, PREVIOUS);
        } catch (IOException e) {
            LOG.warn("the snapshot that {} replaces was not removed: {}", place, e.toString());
        }
    }

    @Override
    public void close() {
        state.close();
        memory.close();
        if (isCommitted) {
            made.close();
        } else {
            discard(made);
        }
    }

    private static void discard(Temporary made) {
        try {
            Temporary.remove(made.path(), true);
        } catch (IOException e) {
            LOG.warn("{} was not removed: {}", made.path(), e.toString());
        } finally {
            made.close();
        }
    }
}
