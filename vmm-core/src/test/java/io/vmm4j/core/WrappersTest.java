package io.vmm4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.virtio.VirtioDevice;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What stands before another object of its own interface passes on all that the interface has, its default methods too: one that is left out
 * hides what the other one does in it.
 */
final class WrappersTest {

    private static final String OURS = "io.vmm4j.";
    /** They have an object of their interface and do everything of it themselves. */
    private static final Set<String> ONES_OF_THEIR_OWN = Set.of("io.vmm4j.core.block.MemoryOverlay");

    @Test
    void eachWrapperPassesOnTheDefaultMethodsToo() throws Exception {
        Set<String> wrappers = new LinkedHashSet<>();
        List<String> dropped = new ArrayList<>();
        for (Class<?> root : List.of(VirtioDevice.class, MmioDriver.class, Vm.class, WrappersTest.class)) {
            for (Class<?> type : classesBeside(root)) {
                if (ONES_OF_THEIR_OWN.contains(type.getName())) {
                    continue;
                }
                for (Class<?> wrapped : wrappedBy(type)) {
                    wrappers.add(type.getSimpleName());
                    defaultsOf(wrapped).filter(method -> !overrides(type, method))
                            .forEach(method -> dropped.add(type.getName() + " drops " + wrapped.getSimpleName() + "." + method.getName()));
                }
            }
        }
        assertTrue(wrappers.containsAll(List.of("GivenDevice", "GivenLoop", "GivenConfig", "WatchedDevice", "Queue")), "found: " + wrappers);
        assertEquals(List.of(), dropped);
    }

    private static List<Class<?>> classesBeside(Class<?> root) throws IOException, URISyntaxException, ClassNotFoundException {
        URI place = root.getProtectionDomain().getCodeSource().getLocation().toURI();
        if (Files.isDirectory(Path.of(place))) {
            return classesIn(Path.of(place));
        }
        try (FileSystem jar = FileSystems.newFileSystem(Path.of(place), Map.of())) {
            return classesIn(jar.getPath("/"));
        }
    }

    private static List<Class<?>> classesIn(Path root) throws IOException, ClassNotFoundException {
        List<String> names;
        try (Stream<Path> files = Files.walk(root)) {
            names = files.map(file -> root.relativize(file).toString()).filter(file -> file.startsWith("io/") && file.endsWith(".class"))
                    .map(file -> file.substring(0, file.length() - ".class".length()).replace('/', '.')).sorted().toList();
        }
        List<Class<?>> classes = new ArrayList<>();
        for (String name : names) {
            classes.add(Class.forName(name, false, WrappersTest.class.getClassLoader()));
        }
        return classes;
    }

    /** The interfaces of ours that {@code type} implements and has an object of. */
    private static Set<Class<?>> wrappedBy(Class<?> type) {
        Set<Class<?>> wrapped = new LinkedHashSet<>();
        if (!type.isInterface()) {
            Arrays.stream(type.getDeclaredFields()).filter(field -> !Modifier.isStatic(field.getModifiers()) && !field.isSynthetic())
                    .map(field -> (Class<?>) field.getType())
                    .filter(field -> field.isInterface() && field.getName().startsWith(OURS) && field.isAssignableFrom(type))
                    .forEach(wrapped::add);
        }
        return wrapped;
    }

    private static Stream<Method> defaultsOf(Class<?> type) {
        return Arrays.stream(type.getMethods()).filter(Method::isDefault);
    }

    private static boolean overrides(Class<?> type, Method method) {
        try {
            return !type.getMethod(method.getName(), method.getParameterTypes()).getDeclaringClass().isInterface();
        } catch (NoSuchMethodException e) {
            throw new AssertionError(e);
        }
    }
}
