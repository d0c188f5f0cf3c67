package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.ProcessCalls;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory for the socket of a program of ours, until it is connected to. Only its owner enters it: this user, or nobody when this
 * is the host's root, as programs drop to that user by themselves then, and root enters anyway.
 */
final class PrivateDirectory implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PrivateDirectory.class);
    /** Of the host's own user namespace, in which root is root. */
    private static final String WHOLE_MAP = "0 0 4294967295";

    /** Where no name is known. */
    private static final String NOBODY = "65534";

    private static final FileAttribute<?> OWNERS_ONLY = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /** This user's, so that nobody puts anything else in the place of {@link #path}. */
    private final Path outer;
    private final Path path;

    private PrivateDirectory(Path outer) {
        this.outer = outer;
        this.path = outer.resolve("d");
    }

    /** @param purpose a part of its name */
    static PrivateDirectory make(String purpose) throws IOException {
        PrivateDirectory directory = new PrivateDirectory(Files.createTempDirectory("vmm-" + purpose + "-", OWNERS_ONLY));
        try {
            Path path = Files.createDirectory(directory.path, OWNERS_ONLY);
            if (ProcessCalls.geteuid() == 0 && isHostsRoot()) {
                Files.setOwner(path, nobody(path.getFileSystem().getUserPrincipalLookupService()));
                Files.setPosixFilePermissions(directory.outer, PosixFilePermissions.fromString("rwx--x--x"));
            }
            return directory;
        } catch (IOException e) {
            directory.close();
            throw e;
        }
    }

    private static UserPrincipal nobody(UserPrincipalLookupService users) throws IOException {
        try {
            return users.lookupPrincipalByName("nobody");
        } catch (UserPrincipalNotFoundException e) {
            return users.lookupPrincipalByName(NOBODY);
        }
    }

    private static boolean isHostsRoot() throws IOException {
        return Files.readString(Path.of("/proc/self/uid_map")).strip().replaceAll("\\s+", " ").equals(WHOLE_MAP);
    }

    Path path() {
        return path;
    }

    /** Removes it with the sockets in it. */
    @Override
    public void close() {
        try {
            if (Files.exists(path)) {
                removeFiles();
                Files.delete(path);
            }
            Files.delete(outer);
        } catch (IOException e) {
            LOG.warn("{} was not removed: {}", outer, e.toString());
        }
    }

    private void removeFiles() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        }
    }
}
