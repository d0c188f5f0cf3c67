package io.vmm4j.api;

import io.vmm4j.api.control.ApiController;
import io.vmm4j.api.http.HttpServer;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmExit;
import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Firecracker's API for one machine: on a Unix socket of mode 0600, requests are answered one after the other on a thread of
 * the server's own. It goes on until the machine has ended; the front door decides what becomes of the process then.
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

    private final ApiSocket socket;
    private final ApiController controller;
    private final HttpServer server;

    private FirecrackerServer(ApiSocket socket, ApiController controller, HttpServer server) {
        this.socket = socket;
        this.controller = controller;
        this.server = server;
    }

    /**
     * Makes the socket and begins to serve.
     *
     * @throws IOException one line that names the socket: something is at its path, its directory is missing or not writable
     */
    public static FirecrackerServer open(FirecrackerOptions options) throws IOException {
        ApiSocket socket = ApiSocket.listen(options.apiSocket());
        try {
            LOG.info("Listening on API socket ({}).", options.apiSocket());
            ApiController controller = new ApiController(options.id(), options.version(), options.log(), options.metrics(), options.stdio());
            HttpServer server = new HttpServer(socket.channel(), options.payloadLimit(), new ApiService(controller, options.metrics()));
            server.start();
            LOG.info("API server started.");
            return new FirecrackerServer(socket, controller, server);
        } catch (IOException | RuntimeException | Error e) {
            socket.close();
            throw e;
        }
    }

    /** The machine, {@code null} before it was started. */
    public Vm vm() {
        return controller.started().getNow(null);
    }

    /** Waits until a machine was started and has ended. */
    public VmExit await() throws InterruptedException {
        try {
            return controller.started().get().await();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a start is never exceptional", e);
        }
    }

    /** Ends the machine if need be, stops serving and removes the socket. A second call does nothing. */
    @Override
    public void close() throws IOException {
        server.close();
        Vm vm = vm();
        if (vm != null) {
            vm.close();
        }
        controller.close();
        socket.close();
    }
}
