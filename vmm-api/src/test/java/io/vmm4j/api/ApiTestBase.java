package io.vmm4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.core.host.SilentConsole;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server, some files for a machine, and requests written in one line. */
@Timeout(60)
abstract class ApiTestBase {

    static final String BEFORE_START = "The requested operation is not supported before starting the microVM.";
    static final String AFTER_START = "The requested operation is not supported after starting the microVM.";

    @TempDir
    Path directory;

    Path socket;
    FirecrackerServer server;

    @BeforeEach
    final void open() throws IOException {
        socket = directory.resolve("api.sock");
        Files.write(directory.resolve("spin.elf"), TinyKernel.spin());
        Files.write(directory.resolve("tiny.elf"), TinyKernel.hello());
        try (RandomAccessFile image = new RandomAccessFile(directory.resolve("root.img").toFile(), "rw")) {
            image.setLength(1 << 20);
        }
        server = FirecrackerServer.open(options(FirecrackerOptions.at(socket).withId("test").withStdio(SilentConsole::new)));
    }

    FirecrackerOptions options(FirecrackerOptions defaults) {
        return defaults;
    }

    @AfterEach
    final void close() throws IOException {
        server.close();
    }

    /** The status and the body of the answer; ' stands for " in the body sent, and $T for the directory in both. */
    final String send(String method, String path, String body) throws IOException {
        String sent = body == null ? null : body.replace('\'', '"').replace("$T", directory.toString());
        ApiClient.Answer answer = ApiClient.once(socket, method, path, sent);
        return (answer.status() + " " + answer.body()).strip().replace(directory.toString(), "$T");
    }

    final String get(String path) throws IOException {
        return send("GET", path, null);
    }

    final void done(String method, String path, String body) throws IOException {
        assertEquals("204", send(method, path, body), method + " " + path + " " + body);
    }

    final void refused(String method, String path, String body, String faultMessage) throws IOException {
        assertEquals("400 {\"fault_message\":\"" + faultMessage.replace("\"", "\\\"") + "\"}", send(method, path, body),
                method + " " + path + " " + body);
    }
}
