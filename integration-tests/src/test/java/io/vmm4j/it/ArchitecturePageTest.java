package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The pages for those who change the project name classes; these exist. */
class ArchitecturePageTest {

    private static final Path TREE = Path.of("..");
    /** In code style: a class of ours, maybe with a method. */
    private static final Pattern CLASS = Pattern.compile("`([A-Z][a-z]\\w*[A-Za-z])(?:\\.(\\w+))?`");

    @Test
    void everyClassAndMethodThatThePagesNameExists() throws IOException {
        List<Path> pages = List.of(TREE.resolve("docs/architecture.md"), TREE.resolve("CONTRIBUTING.md"), TREE.resolve("SECURITY.md"));
        assumeTrue(Files.exists(pages.get(0)), "the tests run outside the tree");
        Set<Path> sources = sources();
        Set<String> missing = new TreeSet<>();
        int named = 0;
        for (Path page : pages) {
            Matcher name = CLASS.matcher(Files.readString(page));
            while (name.find()) {
                named++;
                if (!exists(sources, name.group(1), name.group(2))) {
                    missing.add(page.getFileName() + ": " + name.group());
                }
            }
        }
        assertEquals(Set.of(), missing);
        assertTrue(named > 60, "only " + named + " classes are named");
    }

    private static boolean exists(Set<Path> sources, String name, String member) throws IOException {
        for (Path source : sources) {
            if (source.getFileName().toString().equals(name + ".java")) {
                return member == null || Pattern.compile("\\b" + member + "\\b").matcher(Files.readString(source)).find();
            }
        }
        return false;
    }

    private static Set<Path> sources() throws IOException {
        Set<Path> sources = new HashSet<>();
        try (Stream<Path> modules = Files.list(TREE)) {
            for (Path module : modules.map(path -> path.resolve("src")).filter(Files::isDirectory).toList()) {
                try (Stream<Path> files = Files.walk(module)) {
                    files.filter(path -> path.toString().endsWith(".java")).forEach(sources::add);
                }
            }
        }
        return sources;
    }
}
