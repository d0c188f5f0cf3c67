package io.vmm4j.core.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The modules of one kernel as {@code depmod} lists them in its directory (modules.dep(5)): {@code modules.dep}, {@code modules.builtin},
 * {@code modules.softdep}, and of {@code modules.alias} the names without patterns. Immutable.
 */
public final class KernelModules {

    private final Path directory;
    /** By name; what a module needs as paths, as listed. */
    private final Map<String, List<String>> dependencies = new HashMap<>();
    private final Map<String, String> paths = new HashMap<>();
    private final Set<String> builtIn = new HashSet<>();
    private final Map<String, List<String>> wantedBefore = new HashMap<>();
    private final Map<String, List<String>> aliases = new TreeMap<>();

    private KernelModules(Path directory) {
        this.directory = directory;
    }

    /**
     * Those in {@code directory}, such as {@code /lib/modules/6.1.0-18-amd64}; none when it is not there.
     *
     * @throws IOException one line: a list cannot be read
     */
    public static KernelModules in(Path directory) throws IOException {
        KernelModules modules = new KernelModules(directory);
        for (String line : linesOf(directory.resolve("modules.dep"))) {
            modules.addDependencies(line);
        }
        for (String line : linesOf(directory.resolve("modules.builtin"))) {
            modules.builtIn.add(nameOf(line.strip()));
        }
        for (String line : linesOf(directory.resolve("modules.softdep"))) {
            modules.addSoftDependencies(line.strip().split("\\s+"));
        }
        for (String line : linesOf(directory.resolve("modules.alias"))) {
            modules.addAlias(line.strip().split("\\s+"));
        }
        return modules;
    }

    private static List<String> linesOf(Path file) throws IOException {
        try {
            return Files.readAllLines(file);
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw new IOException("the list of modules " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private void addDependencies(String line) {
        int colon = line.indexOf(':');
        if (colon > 0) {
            String path = line.substring(0, colon).strip();
            String needed = line.substring(colon + 1).strip();
            paths.put(nameOf(path), path);
            dependencies.put(nameOf(path), needed.isEmpty() ? List.of() : List.of(needed.split("\\s+")));
        }
    }

    /** {@code softdep NAME pre: A B post: C}. */
    private void addSoftDependencies(String... words) {
        boolean isBefore = false;
        for (int i = 2; i < words.length && words[0].equals("softdep"); i++) {
            if (words[i].endsWith(":")) {
                isBefore = words[i].equals("pre:");
            } else if (isBefore) {
                wantedBefore.computeIfAbsent(underscored(words[1]), name -> new ArrayList<>()).add(words[i]);
            }
        }
    }

    /** {@code alias TEXT NAME}: those with patterns are for devices. */
    private void addAlias(String... words) {
        if (words.length == 3 && words[0].equals("alias") && !words[1].matches(".*[*?:\\[].*")) {
            aliases.computeIfAbsent(words[1], text -> new ArrayList<>()).add(underscored(words[2]));
        }
    }

    private static String nameOf(String path) {
        String file = path.substring(path.lastIndexOf('/') + 1);
        int end = file.indexOf(".ko");
        return underscored(end < 0 ? file : file.substring(0, end));
    }

    private static String underscored(String name) {
        return name.replace('-', '_');
    }

    /** Where they are. */
    public Path directory() {
        return directory;
    }

    /** Whether there is anything, modules or a list of what is built in. */
    public boolean isEmpty() {
        return paths.isEmpty() && builtIn.isEmpty();
    }

    /** Whether the kernel has {@code name}, in it or as a module. */
    public boolean has(String name) {
        return builtIn.contains(name) || paths.containsKey(name);
    }

    /** Whether {@code name} is a module, and not built in. */
    public boolean isModule(String name) {
        return paths.containsKey(name) && !builtIn.contains(name);
    }

    /** The modules that go by {@code name}: the one that is called so, and those with that alias. */
    List<String> named(String name) {
        List<String> names = new ArrayList<>(aliases.getOrDefault(name, List.of()));
        names.add(underscored(name));
        return names;
    }

    /**
     * {@code names} as far as they are modules, and all that these need, each after what it needs. Names that the kernel does not know are left out.
     */
    List<ModuleFile> closure(Collection<String> names) {
        Map<String, ModuleFile> found = new LinkedHashMap<>();
        Set<String> seen = new HashSet<>();
        names.forEach(name -> add(underscored(name), seen, found));
        return List.copyOf(found.values());
    }

    private void add(String name, Set<String> seen, Map<String, ModuleFile> found) {
        if (!isModule(name) || !seen.add(name)) {
            return;
        }
        for (String wanted : wantedBefore.getOrDefault(name, List.of())) {
            add(underscored(wanted), seen, found);
            aliases.getOrDefault(wanted, List.of()).forEach(other -> add(other, seen, found));
        }
        dependencies.get(name).forEach(path -> add(nameOf(path), seen, found));
        found.put(name, new ModuleFile(name, directory.resolve(paths.get(name)), directory.toAbsolutePath().normalize().getParent()));
    }

    /** {@code modules.dep} for {@code modules} alone, each {@code NAME.ko} in one directory. */
    String dependencyList(List<ModuleFile> modules) {
        StringBuilder list = new StringBuilder();
        for (ModuleFile module : modules) {
            list.append(module.name()).append(".ko:");
            dependencies.get(module.name()).stream().map(KernelModules::nameOf).filter(this::isModule)
                    .forEach(name -> list.append(' ').append(name).append(".ko"));
            list.append('\n');
        }
        return list.toString();
    }

    /** {@code modules.alias} for {@code modules} alone: by it the kernel finds what it asks for by what it does, as {@code crypto-crc32c}. */
    String aliasList(List<ModuleFile> modules) {
        Set<String> names = new HashSet<>();
        modules.forEach(module -> names.add(module.name()));
        StringBuilder list = new StringBuilder();
        aliases.forEach((text, targets) -> targets.stream().filter(names::contains)
                .forEach(name -> list.append("alias ").append(text).append(' ').append(name).append('\n')));
        return list.toString();
    }
}
