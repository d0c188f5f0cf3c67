package io.vmm4j.devices.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.boottimer.BootTimer;
import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.pvpanic.PvPanic;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.fs.VirtioFs;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** All devices are saved in a busy state, restored, and saved again; and a device that is in no such case fails here. */
class StateWalkTest {

    /** Devices that have nothing to remember. */
    private static final Set<Class<?>> STATELESS = Set.of(PvPanic.class, BootTimer.class);
    /** Devices that keep a machine from being saved, by their names. */
    private static final Set<Class<?>> NOT_SAVED = Set.of(VirtioFs.class);
    /** What each virtio device of the walk is behind. */
    private static final Set<Class<?>> AROUND_OTHERS = Set.of(VirtioMmioTransport.class);

    static List<StateWalk> walk() {
        return StateWalk.all();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("walk")
    void isTheSameAndGoesOn(StateWalk walk) throws Exception {
        walk.check().run();
    }

    @Test
    void everyDeviceIsInTheWalkOrHasNoState() throws Exception {
        Set<String> walked = walk().stream().map(walk -> walk.device().getName()).collect(Collectors.toCollection(TreeSet::new));
        STATELESS.forEach(each -> walked.add(each.getName()));
        NOT_SAVED.forEach(each -> {
            assertFalse(Stateful.class.isAssignableFrom(each), each.getName());
            walked.add(each.getName());
        });
        AROUND_OTHERS.forEach(each -> walked.add(each.getName()));
        Set<String> found = new TreeSet<>();
        for (Class<?> each : mainClasses()) {
            if (isDevice(each)) {
                found.add(each.getNestHost().getName());
            }
        }
        assertTrue(found.size() >= 10, "the scan finds the devices: " + found);
        assertEquals(walked, found, "a device that is new needs a case in the walk, or a place among those without state");
    }

    @Test
    void whoHasNoStateHasNothingToForget() {
        for (Class<?> each : STATELESS) {
            for (java.lang.reflect.Field field : each.getDeclaredFields()) {
                assertTrue(Modifier.isFinal(field.getModifiers()), each.getName() + "." + field.getName());
            }
        }
    }

    private static boolean isDevice(Class<?> type) {
        boolean isKind = BusDevice.class.isAssignableFrom(type) || VirtioDevice.class.isAssignableFrom(type);
        return isKind && !type.isInterface() && !Modifier.isAbstract(type.getModifiers());
    }

    /** All classes of this module. */
    static List<Class<?>> mainClasses() throws Exception {
        Path root = Path.of(State.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".class") && !file.endsWith("module-info.class"))
                    .map(file -> root.relativize(file).toString()).filter(name -> !name.endsWith("package-info.class"))
                    .<Class<?>>map(name -> load(name.substring(0, name.length() - ".class".length()).replace('/', '.'))).toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, State.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
