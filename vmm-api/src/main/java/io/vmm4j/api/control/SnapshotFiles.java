package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.CreateSnapshotBody;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** The files of a snapshot that is not made: what is wrong with them comes before that there are no snapshots. */
final class SnapshotFiles {

    private SnapshotFiles() {
    }

    static ApiException refusal(CreateSnapshotBody body) {
        String wrong = wrong(body.snapshotPath(), "snapshot");
        wrong = wrong == null ? wrong(body.memFilePath(), "memory") : wrong;
        return wrong == null ? Refusals.absent("Create snapshot", "snapshots are") : new ApiException("Create snapshot error: " + wrong);
    }

    private static String wrong(String path, String what) {
        try {
            requireOpens(OsError.path(path));
            return null;
        } catch (IOException e) {
            return "Cannot perform open on the " + what + " backing file: " + OsError.text(e);
        }
    }

    /** Whether it could be written, or made: nothing is. */
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
}
