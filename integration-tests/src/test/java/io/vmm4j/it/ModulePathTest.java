package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.module.Configuration;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An embedder on the module path: sees the API, and nothing of the inside. */
@Timeout(120)
class ModulePathTest {

    /** Of what these tests run with, what an embedder has by depending on vmm-core or vmm-api. */
    private static final Pattern DEPENDENCIES = Pattern.compile(
            ".*(vmm-(kvm|devices|core|api)[/-](?!.*tests).*|/(jna|slf4j-api|jackson-(core|databind|annotations|dataformat-cbor)|httpcore5|aircompressor"
                    + "|commons-(compress|io|lang3|codec)|xz)-\\d[^/]*\\.jar)");
    private static final String DESCRIPTOR = "module embedder { requires io.vmm4j.core; }";

    @TempDir
    Path directory;

    private static Path[] modulePath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> DEPENDENCIES.matcher(entry).matches() && !entry.endsWith("test-classes")).map(Path::of).toArray(Path[]::new);
    }

    private static String modulePathText() {
        String text = Arrays.stream(modulePath()).map(Path::toString).collect(Collectors.joining(File.pathSeparator));
        // Where the guests boot there are all jars in one directory, which a wildcard names.
        assumeTrue(!text.isEmpty(), "the class path does not name the jars");
        return text;
    }

    /** What the compiler says to a module with this class in package {@code embedder}; empty when all is well. */
    private String compile(String name, String source) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        assumeTrue(compiler != null, "this Java has no compiler");
        Path sources = Files.createDirectories(directory.resolve("src/embedder"));
        List<Path> files = List.of(Files.writeString(directory.resolve("src/module-info.java"), DESCRIPTOR),
                Files.writeString(sources.resolve(name + ".java"), "package embedder;\n" + source));
        StringWriter said = new StringWriter();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
            boolean isCompiled = compiler.getTask(said, manager, null, List.of("-d", directory.resolve("classes").toString(),
                    "--module-path", modulePathText(), "-proc:none", "-Xlint:all"), null, manager.getJavaFileObjectsFromPaths(files)).call();
            assertEquals(isCompiled, said.toString().isEmpty(), said::toString);
        }
        return said.toString();
    }

    @Test
    @Tag("kvm")
    void theFirstMachineOfThePagesRunsAsAModule() throws Exception {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
        Matcher sample = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(Path.of("../docs/java.md")));
        assertTrue(sample.find());
        assertEquals("", compile("FirstMachine", sample.group(1)));
        Path kernel = new TinyKernel().print("login:").echoUntil('\n').reset().writeTo(directory.resolve("vmlinux"));
        Path image = Files.write(directory.resolve("root.img"), new byte[4096]);
        String said = run("FirstMachine", kernel.toString(), image.toString());
        assertTrue(said.contains("RESET: the guest asked for a reset (keyboard controller)"), said);
        // Nobody has to allow anything beyond what the page says.
        assertFalse(said.contains("WARNING"), said);
    }

    /** What {@code name} of the module says, which must end well. */
    private String run(String name, String... arguments) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString(), "--module-path",
                modulePathText() + File.pathSeparator + directory.resolve("classes"), "--enable-native-access=com.sun.jna",
                "-m", "embedder/embedder." + name));
        words.addAll(List.of(arguments));
        Path output = directory.resolve("output");
        Process run = new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            assertTrue(run.waitFor(60, TimeUnit.SECONDS), "no end");
        } finally {
            run.destroyForcibly();
        }
        String said = Files.readString(output);
        assertEquals(0, run.exitValue(), said);
        return said;
    }

    /** The JSON library reads records by reflection, which modules restrict. */
    @Test
    void aConfigurationIsReadAndWrittenInAModule() throws Exception {
        assertEquals("", compile("Reader", """
                import io.vmm4j.core.config.VmConfigJson;
                final class Reader {
                    public static void main(String[] args) throws Exception {
                        System.out.println(VmConfigJson.write(VmConfigJson.parse(args[0], "argument")));
                    }
                }
                """));
        String said = run("Reader", "{\"machine-config\": {\"vcpu_count\": 3, \"mem_size_mib\": 77}, \"cpu-config\": {\"kvm_capabilities\": []},"
                + " \"drives\": [{\"drive_id\": \"d\", \"path_on_host\": \"x\", \"is_root_device\": false, \"rate_limiter\":"
                + " {\"ops\": {\"size\": 5, \"refill_time\": 6}}}]}");
        assertTrue(said.contains("\"vcpu_count\" : 3") && said.contains("\"refill_time\" : 6"), said);
    }

    @Test
    void theInsideCannotBeNamed() throws IOException {
        for (String inside : List.of("io.vmm4j.core.host.MachineThreads", "io.vmm4j.core.host.StreamConsole", "io.vmm4j.core.machine.Machine",
                "io.vmm4j.core.block.DiskFile", "io.vmm4j.core.cpu.CpuTopology")) {
            String said = compile("Intruder", "final class Intruder { " + inside + " part; }");
            assertTrue(said.contains("is not visible"), said);
        }
        String said = compile("Intruder", "final class Intruder { io.vmm4j.kvm.Kvm part; }");
        assertTrue(said.contains("is not visible"), said);
    }

    private static Set<String> exportedToAll(String module) {
        ModuleReference reference = ModuleFinder.of(modulePath()).find(module).orElseThrow();
        return reference.descriptor().exports().stream().filter(exports -> !exports.isQualified()).map(ModuleDescriptor.Exports::source)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** A package more is a promise more: it is made here as well, or not at all. */
    @Test
    void thePackagesOfTheApiAreThese() {
        modulePathText();
        assertEquals(Set.of(), exportedToAll("io.vmm4j.kvm"));
        assertEquals(Set.of("io.vmm4j.api"), exportedToAll("io.vmm4j.api"));
        String core = "io.vmm4j.core";
        assertEquals(Set.of(core, core + ".config", core + ".console", core + ".control", core + ".event", core + ".metrics",
                core + ".snapshot"), exportedToAll(core));
        String devices = "io.vmm4j.devices.";
        assertEquals(Set.of(devices + "bus", devices + "irq", devices + "limit", devices + "memory", devices + "serial", devices + "state",
                devices + "time", devices + "virtio", devices + "virtio.balloon", devices + "virtio.blk", devices + "virtio.fs",
                devices + "virtio.net", devices + "virtio.queue",
                devices + "virtio.rng", devices + "virtio.vsock"), exportedToAll("io.vmm4j.devices"));
    }

    /** A package that two modules have, or a module that nobody has, is refused here. */
    @Test
    void theModulesGoTogether() {
        modulePathText();
        Configuration resolved = ModuleLayer.boot().configuration().resolve(ModuleFinder.of(modulePath()), ModuleFinder.of(), Set.of("io.vmm4j.api"));
        Set<String> names = resolved.modules().stream().map(module -> module.name()).collect(Collectors.toSet());
        assertTrue(names.containsAll(Set.of("io.vmm4j.kvm", "io.vmm4j.devices", "io.vmm4j.core", "io.vmm4j.api", "com.sun.jna")), names::toString);
    }
}
