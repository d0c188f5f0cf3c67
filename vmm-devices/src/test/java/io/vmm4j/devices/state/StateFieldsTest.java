package io.vmm4j.devices.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Each field of a device that changes is listed in fields.txt, with what becomes of it in a snapshot: a field that is new fails here until
 * somebody has thought of that.
 */
class StateFieldsTest {

    private static final String ROOT = "io.vmm4j.devices.";
    /** Packages that are no part of a device. */
    private static final Set<String> OTHERS = Set.of("bus", "memory", "state", "text", "time");

    @Test
    void ofEachFieldThatChangesItIsSaidWhatBecomesOfIt() throws Exception {
        Set<String> listed = listed();
        Set<String> forgotten = new TreeSet<>();
        Set<String> used = new TreeSet<>();
        for (Class<?> each : StateWalkTest.mainClasses()) {
            if (!isPart(each)) {
                continue;
            }
            String name = each.getName().substring(ROOT.length());
            for (Field field : each.getDeclaredFields()) {
                String full = name + "." + field.getName();
                if (!canChange(field)) {
                    continue;
                }
                used.add(listed.contains(full) ? full : name + ".*");
                if (!listed.contains(full) && !listed.contains(name + ".*")) {
                    forgotten.add(full);
                }
            }
        }
        assertEquals(Set.of(), forgotten, "save the field in saveState, or say in fields.txt why it need not be");
        listed.removeAll(used);
        assertEquals(Set.of(), listed, "fields that are not there any more");
    }

    private static Set<String> listed() throws Exception {
        try (InputStream in = StateFieldsTest.class.getResourceAsStream("fields.txt")) {
            Set<String> names = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .collect(Collectors.toCollection(TreeSet::new));
            assertTrue(names.size() > 100, "the list is there");
            return names;
        }
    }

    private static boolean isPart(Class<?> type) {
        if (!type.getName().startsWith(ROOT) || OTHERS.contains(type.getName().substring(ROOT.length()).split("\\.")[0])) {
            return false;
        }
        return !type.isEnum() && !type.isRecord() && !type.isInterface() && !Throwable.class.isAssignableFrom(type);
    }

    private static boolean canChange(Field field) {
        if (field.isSynthetic() || Modifier.isStatic(field.getModifiers())) {
            return false;
        }
        Class<?> type = field.getType();
        return !Modifier.isFinal(field.getModifiers()) || type.isArray() || Collection.class.isAssignableFrom(type) || Map.class.isAssignableFrom(type)
                || Buffer.class.isAssignableFrom(type) || type == BitSet.class || type.getName().startsWith("java.util.concurrent.atomic.Atomic");
    }
}
