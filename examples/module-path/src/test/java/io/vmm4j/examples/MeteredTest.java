package io.vmm4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.KvmHost;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.junit.Guest;
import io.vmm4j.junit.MicroVm;
import io.vmm4j.junit.MicroVmSetup;
import io.vmm4j.micrometer.VmMeters;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The libraries as modules, on a host with KVM or without. */
class MeteredTest {

    @TempDir
    Path directory;

    static final class Ready implements MicroVmSetup {
        @Override
        public void configure(VmBuilder machine, Path files) throws IOException {
            machine.kernel(new TinyGuest().print("ready").reset().writeTo(files.resolve("kernel")));
        }
    }

    @Test
    void allOfThemAreModules() {
        for (Class<?> type : new Class<?>[] {Metered.class, VmBuilder.class, VmMeters.class}) {
            assertTrue(type.getModule().isNamed(), type::getName);
        }
    }

    @Test
    void aHostWithoutKvmIsToldInALine() {
        KvmHost.problem().ifPresent(problem -> assertFalse(problem.isBlank() || problem.contains("\n"), problem));
    }

    @Test
    void aMistakeIsToldBeforeKvmIsAskedFor() {
        Path missing = directory.resolve("vmlinux");
        ConfigException refused = assertThrows(ConfigException.class, () -> Metered.bytesPrinted(missing));
        assertTrue(refused.getMessage().contains(missing.toString()), refused.getMessage());
    }

    @Test
    void theMetersCount() throws Exception {
        assumeTrue(KvmHost.problem().isEmpty(), () -> KvmHost.problem().orElseThrow());
        assertEquals(5, Metered.bytesPrinted(new TinyGuest().print("hello").reset().writeTo(directory.resolve("kernel"))));
    }

    @Test
    @MicroVm(setup = Ready.class, ready = "ready", memoryMib = 32, patienceSeconds = 30)
    void aTestHasItsGuest(Guest guest) throws Exception {
        guest.awaitExit();
    }
}
