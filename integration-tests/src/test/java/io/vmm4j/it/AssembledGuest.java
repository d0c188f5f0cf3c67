package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.host.StreamConsole;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/**
 * A guest program of a page of assembly, {@code guests/NAME.S} among the tests' resources, assembled by the C compiler
 * when a test first needs it. It prints lines {@code name=hexadecimal} and resets.
 */
final class AssembledGuest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String SHARED = "guest.inc";
    private static final Map<String, Path> ASSEMBLED = new ConcurrentHashMap<>();

    private final String name;
    private final List<String> lines;

    private AssembledGuest(String name, List<String> lines) {
        this.name = name;
        this.lines = lines;
    }

    /** Runs {@code guests/NAME.S} in a machine of 128 MiB with what {@code machine} adds, until it resets. */
    static AssembledGuest run(String name, UnaryOperator<VmBuilder> machine) throws Exception {
        CapturedConsole console = StreamConsole.capture();
        try (Vm vm = machine.apply(VmBuilder.create().kernel(kernel(name)).initrd(kernel(name)).serial(console)).build()) {
            vm.start();
            VmExit exit = vm.await(PATIENCE).orElseThrow(() -> new AssertionError(name + " did not end, said: " + console.text()));
            assertEquals(VmExitReason.RESET, exit.reason(), () -> exit.message() + "; " + name + " said: " + console.text());
        }
        return new AssembledGuest(name, console.text().lines().toList());
    }

    /** The program as an ELF kernel; skips the test where there is no C compiler. */
    static Path kernel(String name) throws IOException, InterruptedException {
        assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "there is no gcc here to assemble the guest with");
        Path known = ASSEMBLED.get(name);
        if (known != null) {
            return known;
        }
        Path directory = Files.createTempDirectory("guest");
        List<Path> sources = List.of(directory.resolve(SHARED), directory.resolve(name + ".S"));
        for (Path source : sources) {
            try (var resource = AssembledGuest.class.getResourceAsStream("/guests/" + source.getFileName())) {
                Files.copy(resource, source);
            }
        }
        Path kernel = directory.resolve(name);
        assemble(sources.get(1), kernel);
        for (Path file : new Path[] {kernel, sources.get(0), sources.get(1), directory}) {
            file.toFile().deleteOnExit();
        }
        ASSEMBLED.put(name, kernel);
        return kernel;
    }

    private static void assemble(Path source, Path kernel) throws IOException, InterruptedException {
        Process gcc = new ProcessBuilder("/usr/bin/gcc", "-nostdlib", "-static", "-Wa,-I" + source.getParent(),
                "-Wl,-Ttext=0x100000,-n,--build-id=none,-z,noexecstack", "-o", kernel.toString(), source.toString())
                .redirectErrorStream(true).start();
        String output = new String(gcc.getInputStream().readAllBytes());
        assertEquals(0, gcc.waitFor(), output);
    }

    /** All that was printed under {@code key}, in order. */
    List<String> texts(String key) {
        return lines.stream().filter(line -> line.startsWith(key + "=")).map(line -> line.substring(key.length() + 1)).toList();
    }

    /** All values that were printed under {@code key}, in order, unsigned. */
    List<Long> all(String key) {
        return texts(key).stream().map(text -> Long.parseLong(text, 16)).toList();
    }

    /** The one value that was printed under {@code key}. */
    long value(String key) {
        List<Long> values = all(key);
        assertEquals(1, values.size(), () -> key + " of " + this);
        return values.get(0);
    }

    /** The value whose halves were printed under {@code key-high} and {@code key-low}. */
    long wide(String key) {
        return value(key + "-high") << Integer.SIZE | value(key + "-low");
    }

    @Override
    public String toString() {
        return name + ": " + String.join(" ", lines);
    }
}
