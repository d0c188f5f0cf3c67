package io.vmm4j.api;

import io.vmm4j.api.control.ApiController;
import io.vmm4j.api.control.MachineStarter;
import io.vmm4j.api.http.HttpServer;
import io.vmm4j.api.request.ApiException;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.json.RustText;
import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Firecracker's door to one machine: a configuration file, an API, or both. The API is on a Unix socket of mode 0600, requests are answered
 * one after the other on a thread of the server's own. It goes on until the machine has ended; the front door decides what becomes of the process then.
 *
 * <pre>{@code
 * try (FirecrackerServer server = FirecrackerServer.open(FirecrackerOptions.at(Path.of("/run/fc.sock")))) {
 *     VmExit exit = server.await();
 * }
 * }</pre>
 *
 * <p>Thread-safe.
 */
public final class FirecrackerServer implements Closeable {

    private static final Logger LOG = LoggerFactory.getLogger(FirecrackerServer.class);

    /** {@code null} without an API. */
    private final ApiSocket socket;
    private final ApiController controller;
    /** {@code null} without an API. */
    private final HttpServer server;

    private FirecrackerServer(ApiSocket socket, ApiController controller, HttpServer server) {
        this.socket = socket;
        this.controller = controller;
        this.server = server;
    }

    /**
     * Makes the socket, starts the machine of the configuration file, if there is one, and begins to serve.
     *
     * @throws IOException one line that names the socket: something is at its path, its directory is missing or not writable;
     *     or one that says what is wrong with the configuration file
     */
    public static FirecrackerServer open(FirecrackerOptions options) throws IOException {
        return open(options, true);
    }

    /** As {@link #open}, but the socket's file stays also where the machine of the configuration file cannot be started, as Firecracker's does. */
    public static FirecrackerServer openLeavingSocket(FirecrackerOptions options) throws IOException {
        return open(options, false);
    }

    private static FirecrackerServer open(FirecrackerOptions options, boolean removesSocket) throws IOException {
        if (options.apiSocket() == null && options.configFile() == null) {
            throw new IllegalArgumentException("neither an API socket nor a configuration file");
        }
        ApiSocket socket = options.apiSocket() == null ? null : ApiSocket.listen(options.apiSocket());
        MachineStarter starter = new MachineStarter(options.stdio(), options.hasBootTimer());
        ApiController controller = new ApiController(options.id(), options.version(), options.log(), options.metrics(), starter);
        HttpServer server = null;
        try {
            if (socket != null) {
                LOG.info("Listening on API socket ({}).", RustText.quoted(options.apiSocket().toString()));
                server = new HttpServer(socket.channel(), options.payloadLimit(), new ApiService(controller, options.metrics()));
            }
            FirecrackerServer opened = new FirecrackerServer(socket, controller, server);
            if (options.configFile() != null) {
                boot(controller, options.configFile());
            }
            if (server != null) {
                server.start();
                LOG.info("API server started.");
            }
            return opened;
        } catch (IOException | RuntimeException | Error e) {
            closeAll(socket, controller, server, removesSocket);
            throw e;
        }
    }

    private static void boot(ApiController controller, byte[] file) throws IOException {
        try {
            controller.boot(file);
        } catch (ApiException e) {
            throw new IOException("Failed to build MicroVM from Json: " + e.getMessage(), e);
        }
    }

    private static void closeAll(ApiSocket socket, ApiController controller, HttpServer server, boolean removesSocket) throws IOException {
        if (server != null) {
            server.close();
        }
        Vm vm = controller.started().getNow(null);
        if (vm != null) {
            vm.close();
        }
        controller.close();
        if (socket != null && removesSocket) {
            socket.close();
        } else if (socket != null) {
            socket.closeLeavingFile();
        }
    }

    /** As {@link #close}, but the socket's file stays as Firecracker's does, whose clients remove it, and fail where that is done already. */
    public void closeLeavingSocket() throws IOException {
        closeAll(socket, controller, server, false);
    }

    /** The machine, {@code null} before it was started. */
    public Vm vm() {
        return controller.started().getNow(null);
    }

    /**
     * Waits until a machine was started and has ended, or a snapshot could not be loaded: the process ends then, as Firecracker's does, with
     * {@link io.vmm4j.core.VmExitReason#HOST_ERROR}.
     */
    public VmExit await() throws InterruptedException {
        try {
            Object first = CompletableFuture.anyOf(controller.started(), controller.loadFailed()).get();
            return first instanceof VmExit failure ? failure : controller.started().get().await();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a start is never exceptional", e);
        }
    }

    /** Ends the machine if need be, stops serving and removes the socket. A second call does nothing. */
    @Override
    public void close() throws IOException {
        closeAll(socket, controller, server, true);
    }
}
