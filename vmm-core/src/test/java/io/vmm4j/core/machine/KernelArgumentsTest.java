package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.core.config.BootSourceConfig;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.Problems;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelArgumentsTest {

    @ParameterizedTest
    @CsvSource(nullValues = "-", value = {
        "-,        false, console=ttyS0 tty0 reboot=k debug panic=1 pci=off",
        "-,        true,  console=ttyS0 console=hvc0 tty0 reboot=k debug panic=1 pci=off",
        "quiet ro, true,  quiet ro",
    })
    void aKernelWithoutArgumentsOfTheUsersUsesTheConsolesThereAre(String given, boolean hasConsole, String arguments)
            throws ConfigException {
        Problems problems = new Problems();
        BootSourceConfig boot = new BootSourceConfig("k", null, given);
        assertEquals(arguments, KernelArguments.of(boot, hasConsole, null, Optional.empty(), List.of(), problems).toString());
        problems.throwIfAny();
    }
}
