package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.VsockBody;
import io.vmm4j.core.config.VsockConfig;
import io.vmm4j.core.host.SocketFile;
import io.vmm4j.core.host.VsockSockets;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** {@code /vsock}, listening until the machine has the socket. Confined to one thread. */
final class Vsock implements AutoCloseable {

    private final VsockBody body;
    /** {@code null} of a machine that was loaded, which has it. */
    private SocketFile<UnixSocket> socket;

    private Vsock(VsockBody body, SocketFile<UnixSocket> socket) {
        this.body = body;
        this.socket = socket;
    }

    /** Makes the socket that {@code body} names; what is at its path stays. */
    static Vsock open(VsockBody body) throws ApiException {
        return new Vsock(body, listen(body.udsPath()));
    }

    /** One that a machine has which was loaded. */
    static Vsock loaded(VsockConfig config) {
        return new Vsock(new VsockBody(null, config.guestCid(), config.udsPath()), null);
    }

    private static SocketFile<UnixSocket> listen(String name) throws ApiException {
        try {
            if (name.getBytes(StandardCharsets.UTF_8).length > UnixSocket.MAX_ADDRESS) {
                throw new IOException("path must be shorter than SUN_LEN");
            }
            Path path = OsError.path(name);
            if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException(OsError.text(Errno.EADDRINUSE));
            }
            return listen(path);
        } catch (IOException e) {
            throw new ApiException("Vsock config error: Cannot create backend for vsock device: "
                    + "Error binding to the host-side Unix socket: " + OsError.text(e), e);
        }
    }

    private static SocketFile<UnixSocket> listen(Path path) throws IOException {
        Path directory = path.toAbsolutePath().getParent();
        if (path.toString().isEmpty() || !Files.exists(directory)) {
            throw new IOException(OsError.text(Errno.ENOENT));
        }
        if (!Files.isDirectory(directory)) {
            throw new IOException(OsError.text(Errno.ENOTDIR));
        }
        try {
            return VsockSockets.open(path);
        } catch (IOException e) {
            throw e.getCause() instanceof AccessDeniedException ? new IOException(OsError.text(Errno.EACCES), e) : e;
        }
    }

    /**
     * Makes room for another one: closes the socket.
     *
     * @throws ApiException when its file is not there any more
     */
    void remove() throws ApiException {
        boolean isThere = Files.exists(Path.of(body.udsPath()), LinkOption.NOFOLLOW_LINKS);
        close();
        if (!isThere) {
            throw new ApiException("Vsock config error: Cannot create backend for vsock device: "
                    + "Error binding to the host-side Unix socket: " + OsError.text(Errno.ENOENT));
        }
    }

    /** The socket, which is the machine's from here on. */
    SocketFile<UnixSocket> socket() {
        return socket;
    }

    /** Makes the socket again, after a machine that was not built has closed it. */
    void reopen() throws ApiException {
        socket = listen(body.udsPath());
    }

    VsockConfig toConfig() {
        return new VsockConfig(body.guestCid(), body.udsPath(), null);
    }

    void write(JsonText json) {
        json.begin("vsock");
        json.field("guest_cid", body.guestCid());
        json.field("uds_path", body.udsPath());
        json.end();
    }

    @Override
    public void close() {
        try {
            if (socket != null) {
                socket.close();
            }
        } catch (IOException e) {
            // Nothing but the file could be left, which is refused by name when it is in the way.
            return;
        }
    }
}
