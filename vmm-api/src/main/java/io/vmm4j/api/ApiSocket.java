package io.vmm4j.api;

import io.vmm4j.api.control.OsError;
import io.vmm4j.core.host.ChannelAddress;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The API's listening socket and its file, which appears with mode 0600 and already listening. What is at its path stays, also
 * a socket that nobody listens at any more: as with Firecracker, it is its owner's to remove. Made without native calls
 * of our own, which a start would have to wait for.
 *
 * <p>Not thread-safe.
 */
final class ApiSocket implements Closeable {

    private static final int BACKLOG = 1024;
    /** sun_path less its NUL. */
    private static final int ADDRESS_MAX = 107;
    private static final int ATTEMPTS = 100;
    private static final String NAME = "s";

    private final Path path;
    private final ServerSocketChannel channel;
    private final Object inode;

    private ApiSocket(Path path, ServerSocketChannel channel, Object inode) {
        this.path = path;
        this.channel = channel;
        this.inode = inode;
    }

    /**
     * Listens at {@code path}.
     *
     * @throws IOException one line that names it
     */
    static ApiSocket listen(Path path) throws IOException {
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            throw taken(path);
        }
        int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > ADDRESS_MAX) {
            throw refused("path must be shorter than SUN_LEN");
        }
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            publish(path, channel);
            return new ApiSocket(path, channel, Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS));
        } catch (FileSystemException e) {
            channel.close();
            throw refusal(path, e);
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    /** Bound where only its owner can come to it, and linked into place. */
    private static void publish(Path path, ServerSocketChannel channel) throws IOException {
        Path aside = createAside(path.toAbsolutePath().getParent());
        Path made = aside.resolve(NAME);
        boolean isShort = ChannelAddress.isShort(made.toString());
        try {
            channel.bind(UnixDomainSocketAddress.of(isShort ? made : path), BACKLOG);
            Files.setPosixFilePermissions(isShort ? made : path, permissions("rw-------"));
            if (isShort) {
                Files.createLink(path, made);
            }
        } finally {
            Files.deleteIfExists(made);
            Files.delete(aside);
        }
    }

    /** Its name is no secret: what somebody has made under it before is passed over. */
    private static Path createAside(Path parent) throws IOException {
        FileAttribute<Set<PosixFilePermission>> ownersAlone = PosixFilePermissions.asFileAttribute(permissions("rwx------"));
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                return Files.createDirectory(parent.resolve(".vmm" + ProcessHandle.current().pid() + "-" + attempt), ownersAlone);
            } catch (FileAlreadyExistsException e) {
                continue;
            }
        }
        throw new FileSystemException(parent.toString(), null, "too many files .vmm* are there");
    }

    private static Set<PosixFilePermission> permissions(String mode) {
        return PosixFilePermissions.fromString(mode);
    }

    private static IOException taken(Path path) {
        return new IOException("Failed to open the API socket at: " + path + ". Check that it is not already used.");
    }

    private static IOException refused(String why) {
        return new IOException("Failed to bind and run the HTTP server: IO error: " + why);
    }

    private static IOException refusal(Path path, FileSystemException e) {
        return e instanceof FileAlreadyExistsException ? taken(path) : refused(OsError.text(e));
    }

    /** The listening socket. */
    ServerSocketChannel channel() {
        return channel;
    }

    /** Stops listening; the file stays. */
    void closeLeavingFile() throws IOException {
        channel.close();
    }

    /** Stops listening and removes the file if it is still this socket's. */
    @Override
    public void close() throws IOException {
        channel.close();
        try {
            if (Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS).equals(inode)) {
                Files.delete(path);
            }
        } catch (NoSuchFileException e) {
            return; // Someone removed it already, which is what is wanted.
        }
    }
}
