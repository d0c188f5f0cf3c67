package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.CreateSnapshotBody;
import io.vmm4j.core.Vm;
import io.vmm4j.core.snapshot.MachineSnapshot;
import io.vmm4j.core.snapshot.SnapshotException;
import io.vmm4j.core.snapshot.SnapshotTarget;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/**
 * {@code PUT /snapshot/create}, of a machine that stands still. A diff is to what was saved or loaded last. Where its memory file is there and is as
 * long as the RAM, Firecracker writes the pages into that, which makes it whole again: here it is replaced by one that is. So is the first snapshot
 * of a machine that has booted, which there is nothing for to differ from. Confined to the API's thread.
 */
final class SnapshotCreator implements AutoCloseable {

    private static final String DIFF = "Diff";

    private static final String NOT_ALLOWED = "Cannot save the microVM state: Operation not allowed: ";

    private final Vm vm;
    /** What was saved or loaded last, or {@code null}. */
    private MachineSnapshot last;

    /** @param from what the machine went on from, closed with this; {@code null} when it has booted, or where the memory is elsewhere */
    SnapshotCreator(Vm vm, MachineSnapshot from) {
        this.vm = vm;
        this.last = from;
    }

    /** Whether {@code body} asks for a diff. */
    static boolean isDiff(CreateSnapshotBody body) {
        return body.snapshotType().equals(DIFF);
    }

    /** Saves the machine as {@code body} asks for. */
    void create(CreateSnapshotBody body) throws ApiException {
        Path state = place(body.snapshotPath(), "snapshot");
        Path memory = place(body.memFilePath(), "memory");
        MachineSnapshot now = freeze();
        try {
            SnapshotTarget target = SnapshotTarget.files(state, memory);
            now.save(isDiff(body) && last != null && !hasWhole(memory) ? target.diffTo(last) : target);
        } catch (SnapshotException e) {
            now.close();
            throw notAllowed(e);
        } catch (IOException e) {
            now.close();
            boolean isState = e.getMessage() != null && e.getMessage().startsWith(state.toAbsolutePath() + " ");
            throw refused("Cannot perform write on the " + (isState ? "snapshot" : "memory") + " backing file: " + e.getMessage(), e);
        } catch (RuntimeException | Error e) {
            now.close();
            throw e;
        }
        close();
        last = now;
    }

    private MachineSnapshot freeze() throws ApiException {
        List<String> served = vm.config().drives().stream().filter(drive -> drive.socket() != null)
                .map(drive -> "vhost-user-block(id: " + drive.driveId() + ")").toList();
        if (!served.isEmpty()) {
            throw refused(NOT_ALLOWED + "Devices without snapshot support are present: " + String.join(", ", served), null);
        }
        try {
            return vm.snapshot();
        } catch (SnapshotException e) {
            throw notAllowed(e);
        } catch (IOException e) {
            throw refused("Cannot save the microVM state: " + e.getMessage(), e);
        }
    }

    private boolean hasWhole(Path memory) throws IOException {
        return Files.isRegularFile(memory) && Files.size(memory) == vm.config().machineConfig().memoryBytes();
    }

    /** What the machine is doing, or has, that keeps it from being saved. */
    static ApiException notAllowed(Exception e) {
        return refused(NOT_ALLOWED + e.getMessage(), e);
    }

    private static ApiException refused(String why, Exception cause) {
        return new ApiException("Create snapshot error: " + why, cause);
    }

    /** Where a file is going to be that could be written, or made: nothing is so far. */
    private static Path place(String name, String what) throws ApiException {
        try {
            Path path = OsError.path(name);
            requireOpens(path);
            return path;
        } catch (IOException e) {
            throw refused("Cannot perform open on the " + what + " backing file: " + OsError.text(e), e);
        }
    }

    private static void requireOpens(Path path) throws IOException {
        Path directory = path.toAbsolutePath().getParent();
        if (path.toString().isEmpty() || directory == null || Files.exists(path) || Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            Fd.open(path, Fd.O_WRONLY | Fd.O_NONBLOCK).close();
            return;
        }
        // A file in place of the directory is told from a directory that is missing by opening what would be in it.
        Fd.open(directory.resolve("."), Fd.O_RDONLY).close();
        if (!Files.isWritable(directory)) {
            throw new IOException(OsError.text(Errno.EACCES));
        }
    }

    /** Lets go of what diffs are to. */
    @Override
    public void close() {
        if (last != null) {
            last.close();
            last = null;
        }
    }
}
