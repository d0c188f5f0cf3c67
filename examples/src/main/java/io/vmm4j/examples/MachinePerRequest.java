package io.vmm4j.examples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.console.CapturedConsole;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * An HTTP server on this host's port 8080 that serves each request in a machine of its own: the body is typed on its console, and what the
 * guest prints until it ends is the answer. Arguments: KERNEL ROOTFS.
 */
public final class MachinePerRequest {

    private static final int PORT = 8080;
    /** Machines at once; further requests wait. */
    private static final int MACHINES = 8;
    private static final int BODY_MAX = 64 * 1024;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private MachinePerRequest() {
    }

    public static void main(String[] args) throws Exception {
        serve(PORT, Path.of(args[0]), args[1]);
        System.out.println("curl --data 'some text.' http://localhost:" + PORT + "/");
    }

    /** @param port 0 for any that is free */
    static HttpServer serve(int port, Path kernel, String rootfs) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        ExecutorService workers = Executors.newFixedThreadPool(MACHINES);
        server.setExecutor(workers);
        server.createContext("/", exchange -> {
            try (exchange) {
                answer(exchange, kernel, rootfs);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        server.start();
        return server;
    }

    private static void answer(HttpExchange exchange, Path kernel, String rootfs) throws IOException, InterruptedException {
        String request = new String(exchange.getRequestBody().readNBytes(BODY_MAX), StandardCharsets.UTF_8);
        CapturedConsole console = CapturedConsole.create();
        try (Vm vm = VmBuilder.create().kernel(kernel).drive(new DriveConfig("rootfs", true, null, rootfs, true, null)).memoryMib(32)
                .serial(console).build()) {
            vm.start();
            console.type(request);
            boolean hasEnded = vm.await(PATIENCE).isPresent();
            byte[] answer = console.text().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(hasEnded ? 200 : 504, answer.length == 0 ? -1 : answer.length);
            exchange.getResponseBody().write(answer);
        } catch (ConfigException e) {
            byte[] why = e.getMessage().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(500, why.length);
            exchange.getResponseBody().write(why);
        }
    }
}
