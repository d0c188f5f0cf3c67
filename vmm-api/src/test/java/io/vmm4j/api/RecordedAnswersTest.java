package io.vmm4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.host.SilentConsole;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Answers recorded from Firecracker, request by request, held against this server's. */
@Tag("kvm")
class RecordedAnswersTest {

    /** A machine of the case {@value #SAVED} was saved before by another process, which is gone. */
    private static final Set<String> LOADS = Set.of("load1", "load2", "load3");
    private static final String SAVED = "save";
    /** Its requests up to the first snapshot. */
    private static final int SAVED_REQUESTS = 5;
    /** In place of an answer: the process has ended. */
    private static final int ENDED = 0;

    @TestFactory
    Stream<DynamicTest> answersAreThoseOfFirecracker() throws IOException {
        JsonNode cases;
        try (var recording = RecordedAnswersTest.class.getResourceAsStream("/firecracker-answers.json")) {
            cases = new ObjectMapper().readTree(recording).get("cases");
        }
        return StreamSupport.stream(((Iterable<String>) cases::fieldNames).spliterator(), false)
                .map(name -> DynamicTest.dynamicTest(name, () -> replay(name, cases)));
    }

    private void replay(String name, JsonNode cases) throws IOException, InterruptedException {
        Path files = directory();
        try {
            prepare(files);
            if (LOADS.contains(name)) {
                save(cases.get(SAVED), files);
            }
            replay(name, cases.get(name), files);
        } finally {
            try (Stream<Path> left = Files.list(files)) {
                for (Path file : left.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(files);
        }
    }

    /** A directory whose name is as long as that of the recording: the answers count columns in bytes. */
    private static Path directory() throws IOException {
        for (int number = 0; ; number++) {
            Path candidate = Path.of(String.format("/tmp/vmm%08x", number));
            try {
                return Files.createDirectory(candidate);
            } catch (FileAlreadyExistsException e) {
                continue;
            }
        }
    }

    /** What a first process has done for the cases that load. */
    private static void save(JsonNode requests, Path files) throws IOException {
        assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
        Path socket = files.resolve("first.sock");
        List<String> differences = new ArrayList<>();
        try (FirecrackerServer server = FirecrackerServer.open(options(socket))) {
            for (int i = 0; i < SAVED_REQUESTS; i++) {
                compare(files, socket, requests.get(i), SAVED + "[" + i + "]", differences);
            }
            assertEquals("", String.join("\n", differences));
            assertEquals(204, ApiClient.once(socket, "PATCH", "/vm", "{\"state\": \"Paused\"}").status());
            String paths = "{\"snapshot_path\": \"" + files + "/s\", \"mem_file_path\": \"" + files + "/mm\"}";
            assertEquals("", ApiClient.once(socket, "PUT", "/snapshot/create", paths).body());
        }
    }

    private static FirecrackerOptions options(Path socket) {
        return FirecrackerOptions.at(socket).withId("case").withStdio(SilentConsole::new);
    }

    private static void replay(String name, JsonNode requests, Path files) throws IOException, InterruptedException {
        Path socket = files.resolve("api.sock");
        List<String> differences = new ArrayList<>();
        try (FirecrackerServer server = FirecrackerServer.open(options(socket))) {
            for (int i = 0; i < requests.size(); i++) {
                JsonNode request = requests.get(i);
                if (isStart(request)) {
                    assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
                }
                if (request.get("status").asInt() == ENDED) {
                    assertEquals(VmExitReason.HOST_ERROR, server.await().reason(), "what a front door ends by");
                    break;
                }
                compare(files, socket, request, name + "[" + i + "]", differences);
            }
        }
        assertEquals("", String.join("\n", differences));
    }

    private static boolean isStart(JsonNode request) {
        return request.path("body").asText().contains("\"InstanceStart\"") && request.get("status").asInt() == 204;
    }

    private static void prepare(Path files) throws IOException {
        Files.write(files.resolve("tiny.elf"), TinyKernel.hello());
        Files.write(files.resolve("spin.elf"), TinyKernel.spin());
        Files.write(files.resolve("odd"), new byte[1000]);
        for (int mebibytes = 1; mebibytes <= 2; mebibytes++) {
            try (RandomAccessFile image = new RandomAccessFile(files.resolve(mebibytes == 1 ? "root.img" : "two.img").toFile(), "rw")) {
                image.setLength((long) mebibytes << 20);
            }
        }
    }

    private static void compare(Path files, Path socket, JsonNode request, String name, List<String> differences) throws IOException {
        String place = files.toString();
        String body = request.get("body").isNull() ? null : whole(request.get("body").asText());
        String sent = body == null ? null : body.replace("$T", place);
        ApiClient.Answer answer = ApiClient.once(socket, request.get("method").asText(), request.get("path").asText(), sent);
        String got = answer.body().replace(place, "$T").replace(FirecrackerOptions.FIRECRACKER_VERSION, "V");
        boolean isDeprecated = answer.head().contains("Deprecation: true");
        String expected = request.get("status").asInt() + " " + request.get("answer").asText() + " " + request.get("deprecated").asBoolean();
        String actual = answer.status() + " " + got + " " + isDeprecated;
        if (!expected.equals(actual)) {
            differences.add(name + " " + request.get("method").asText() + " " + request.get("path").asText() + " " + body
                    + "\n  expected " + expected + "\n  was      " + actual);
        }
    }

    /** The recording has long bodies cut off. */
    private static String whole(String body) {
        return body.endsWith("aaaa") ? body + "a".repeat(2048) + "\"}" : body;
    }
}
