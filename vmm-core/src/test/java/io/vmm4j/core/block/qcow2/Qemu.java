package io.vmm4j.core.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** QEMU's tools, whose opinion on an image is the one that counts. */
final class Qemu {

    private Qemu() {
    }

    /** Skips the test where the tools are not installed. */
    static void require() {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")) && Files.isExecutable(Path.of("/usr/bin/qemu-io")),
                "qemu-img and qemu-io (package qemu-utils) are not installed");
    }

    /** What qemu-img prints, with arguments that are split at blanks but for the paths. */
    static String img(String arguments, Path... paths) throws IOException {
        List<String> command = new ArrayList<>(List.of("qemu-img"));
        command.addAll(Arrays.asList(arguments.split(" ")));
        Arrays.stream(paths).map(Path::toString).forEach(command::add);
        return run(command, 0);
    }

    private static String run(List<String> command, int status) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes());
        try {
            assertEquals(status, process.waitFor(), () -> command + ": " + said);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return said;
    }

    static void create(Path image, String options, String size) throws IOException {
        List<String> command = new ArrayList<>(List.of("qemu-img", "create", "-q", "-f", "qcow2"));
        command.addAll(Arrays.asList(options.split(" ")));
        command.addAll(List.of(image.toString(), size));
        command.removeIf(String::isEmpty);
        run(command, 0);
    }

    /** Neither damage nor a leak. */
    static void check(Path image) throws IOException {
        img("check -q -f qcow2", image);
    }

    /** No damage; leaks are those of a writer that was ended. */
    static void checkButForLeaks(Path image) throws IOException {
        List<String> command = List.of("qemu-img", "check", "-f", "qcow2", image.toString());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        try {
            int status = process.waitFor();
            assertTrue(status == 0 || status == 3, () -> "status " + status + ": " + said);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The disk that QEMU finds in an image. */
    static byte[] content(Path image) throws IOException {
        Path raw = image.resolveSibling("content.raw");
        img("convert -q -f qcow2 -O raw", image, raw);
        byte[] bytes = Files.readAllBytes(raw);
        Files.delete(raw);
        return bytes;
    }

    static void io(Path image, List<String> commands) throws IOException {
        List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
        for (String one : commands) {
            command.addAll(List.of("-c", one));
        }
        command.add(image.toString());
        run(command, 0);
    }
}
