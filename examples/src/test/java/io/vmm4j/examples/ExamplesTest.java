package io.vmm4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import io.vmm4j.core.KvmHost;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs the examples that need no Linux, with guests of some bytes. */
@Timeout(120)
class ExamplesTest {

    @TempDir
    Path directory;

    private interface Example {
        void main(String[] args) throws Exception;
    }

    @BeforeEach
    void needsKvm() {
        assumeTrue(KvmHost.problem().isEmpty(), () -> KvmHost.problem().orElseThrow());
    }

    private String rootfs() throws Exception {
        return Files.write(directory.resolve("root.img"), new byte[4096]).toString();
    }

    /** What {@code example} prints. */
    private String run(Example example, TinyGuest guest) throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            example.main(new String[] {guest.writeTo(directory.resolve("vmlinux")).toString(), rootfs()});
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    @Test
    void theThermometerIsReadAndItsAlarmGoesOff() throws Exception {
        TinyGuest guest = new TinyGuest().print16(0x700).out16(0x702, 60).awaitInterrupt10().print(" alarm").reset();
        String printed = run(PortDevice::main, guest);
        assertTrue(printed.startsWith("RESET") && printed.endsWith("the guest said: A alarm\n"), printed);
    }

    @Test
    void theShouterShouts() throws Exception {
        long descriptors = 0x400000;
        long available = 0x401000;
        long used = 0x402000;
        long text = 0x500000;
        // The root file system's window is the first.
        TinyGuest guest = new TinyGuest().mapWindow(1).register(0x070, 1).register(0x070, 3).register(0x024, 1).register(0x020, 1).register(0x070, 11)
                .register(0x030, 0).register(0x038, 16).register(0x080, descriptors).register(0x090, available).register(0x0a0, used)
                .register(0x044, 1).register(0x070, 15)
                // "hello", then room for as much; one chain of two descriptors.
                .store(text, 0x6C6C6568).store(text + 4, 'o')
                .store(descriptors, text).store(descriptors + 8, 5).store(descriptors + 12, 1 << 16 | 1)
                .store(descriptors + 16, text + 0x100).store(descriptors + 24, 5).store(descriptors + 28, 2)
                .store(available + 4, 0).store(available, 1 << 16).register(0x050, 0)
                .await16(used + 2, 1).printMemory(text + 0x100, 5).reset();
        String printed = run(VirtioShouter::main, guest);
        assertTrue(printed.startsWith("RESET") && printed.endsWith("the guest said: HELLO\n"), printed);
    }

    @Test
    void twentyMachinesSayWhatTheySay() throws Exception {
        String printed = run(TwentyMachines::main, new TinyGuest().print("hi").reset());
        for (int i = 0; i < 20; i++) {
            assertTrue(printed.contains("worker-" + i + " said hi and ended: RESET\n"), printed);
        }
    }

    @Test
    void theWatchedMachineIsToldOf() throws Exception {
        String printed = run(Watch::main, new TinyGuest().print("hi").reset());
        assertTrue(printed.contains("\"event\":\"state\",\"state\":\"running\""), printed);
        assertTrue(printed.contains("\"event\":\"ended\",\"reason\":\"reset\""), printed);
        assertTrue(printed.contains("{vm=\"watched\"}"), printed);
    }

    @Test
    void eachRequestHasAMachineOfItsOwn() throws Exception {
        Path kernel = new TinyGuest().print("got ").echoUntil('.').reset().writeTo(directory.resolve("vmlinux"));
        HttpServer server = MachinePerRequest.serve(0, kernel, rootfs());
        try {
            HttpClient client = HttpClient.newHttpClient();
            URI address = URI.create("http://localhost:" + server.getAddress().getPort() + "/");
            List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                HttpRequest request = HttpRequest.newBuilder(address).POST(HttpRequest.BodyPublishers.ofString("request " + i + ".")).build();
                answers.add(client.sendAsync(request, HttpResponse.BodyHandlers.ofString()));
            }
            for (int i = 0; i < 10; i++) {
                HttpResponse<String> answer = answers.get(i).join();
                assertEquals("got request " + i + ".", answer.body());
                assertEquals(200, answer.statusCode());
            }
        } finally {
            server.stop(0);
        }
    }
}
