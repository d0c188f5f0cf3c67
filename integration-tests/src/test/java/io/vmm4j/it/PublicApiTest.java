package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URI;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What each library exports to everybody, by its module descriptor, is what was recorded in src/test/api. A change that is wanted is
 * recorded by {@code -Dvmm.api.record=true}, and is part of the commit then.
 */
class PublicApiTest {

    private static final Path RECORDED = Path.of("src/test/api");
    private static final String OURS = "io.vmm4j.";
    private static final String DESCRIPTOR = "module-info.class";

    @Test
    void thePublicApiChangesOnlyOnPurpose() throws Exception {
        assumeTrue(Files.isDirectory(Path.of("src/test")), "the tests run outside the tree");
        Map<String, List<String>> modules = modules();
        assumeTrue(!modules.isEmpty(), "no library has a module descriptor");
        List<String> changes = new ArrayList<>();
        for (Map.Entry<String, List<String>> module : modules.entrySet()) {
            Path file = RECORDED.resolve(module.getKey() + ".txt");
            if (Boolean.getBoolean("vmm.api.record")) {
                Files.createDirectories(RECORDED);
                Files.write(file, module.getValue());
            }
            List<String> before = Files.exists(file) ? Files.readAllLines(file) : List.of();
            before.stream().filter(line -> !module.getValue().contains(line)).forEach(line -> changes.add("- " + line));
            module.getValue().stream().filter(line -> !before.contains(line)).forEach(line -> changes.add("+ " + line));
        }
        if (!changes.isEmpty()) {
            fail("the public API has changed; where that is wanted, say so in CHANGELOG.md and record it: mvn -pl integration-tests -am test"
                    + " -Dtest=PublicApiTest -Dsurefire.failIfNoSpecifiedTests=false -Dvmm.api.record=true\n" + String.join("\n", changes));
        }
    }

    @Test
    void signaturesHaveAllThatCallersAndSubclassesSee() {
        String name = ApiSample.class.getName();
        assertEquals(List.of(
                "public abstract class " + name + "<T extends java.lang.Comparable<T>> extends java.lang.Object implements java.lang.AutoCloseable",
                "protected abstract T " + name + ".inherited()",
                "protected " + name + "(int) throws java.io.IOException",
                "public " + name + "$Kind " + name + ".kind",
                "public void " + name + ".close()"), new TypeSignature(ApiSample.class).lines());
        assertTrue(new TypeSignature(ApiSample.Kind.class).lines().contains("public static final " + name + "$Kind " + name + "$Kind.ONE"));
        assertEquals(List.of(), new TypeSignature(ApiSample.Inner.class).lines(), "nobody outside of the package sees it");
    }

    /** Our modules that export something to everybody: the lines of each. */
    private static Map<String, List<String>> modules() throws Exception {
        Map<String, List<String>> modules = new TreeMap<>();
        for (URL found : Collections.list(PublicApiTest.class.getClassLoader().getResources(DESCRIPTOR))) {
            ModuleDescriptor module;
            try (InputStream bytes = found.openStream()) {
                module = ModuleDescriptor.read(bytes);
            }
            Set<String> packages = module.exports().stream().filter(export -> !export.isQualified()).map(ModuleDescriptor.Exports::source)
                    .collect(Collectors.toCollection(TreeSet::new));
            if (module.name().startsWith(OURS) && !packages.isEmpty()) {
                modules.put(module.name(), linesOf(found.toURI(), packages));
            }
        }
        return modules;
    }

    private static List<String> linesOf(URI descriptor, Set<String> packages) throws Exception {
        if (descriptor.getScheme().equals("file")) {
            return linesOf(Path.of(descriptor).getParent(), packages);
        }
        try (FileSystem jar = FileSystems.newFileSystem(URI.create(descriptor.toString().replaceFirst("!.*", "")), Map.of())) {
            return linesOf(jar.getPath("/"), packages);
        }
    }

    private static List<String> linesOf(Path root, Set<String> packages) throws Exception {
        List<String> lines = new ArrayList<>();
        for (String each : packages) {
            lines.add("exports " + each);
            try (Stream<Path> files = Files.list(root.resolve(each.replace('.', '/')))) {
                for (String file : files.map(path -> path.getFileName().toString()).sorted().toList()) {
                    if (file.endsWith(".class") && !file.equals("package-info.class")) {
                        String name = each + "." + file.substring(0, file.length() - ".class".length());
                        lines.addAll(new TypeSignature(Class.forName(name, false, PublicApiTest.class.getClassLoader())).lines());
                    }
                }
            }
        }
        return lines;
    }
}
