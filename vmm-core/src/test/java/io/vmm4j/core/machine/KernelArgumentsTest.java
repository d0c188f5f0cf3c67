package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.core.config.BootSourceConfig;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.Problems;
import io.vmm4j.core.config.SerialConfig;
import io.vmm4j.core.config.VmConfig;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelArgumentsTest {

    @ParameterizedTest
    @CsvSource(nullValues = "-", value = {
        "-,         false, stdio, console=ttyS0 tty0 reboot=k debug panic=1 pci=off",
        "-,         true,  stdio, console=ttyS0 console=hvc0 tty0 reboot=k debug panic=1 pci=off",
        "-,         true,  none,  console=hvc0 tty0 reboot=k debug panic=1 pci=off",
        "quiet ro,  true,  none,  quiet ro",
    })
    void aKernelWithoutArgumentsOfTheUsersUsesTheConsolesThereAre(String given, boolean hasConsole, String serial, String arguments)
            throws ConfigException {
        VmConfig config = new VmConfig(new BootSourceConfig("k", null, given), null, null, null, new SerialConfig(serial), null,
                null, null, null, null);
        Problems problems = new Problems();
        assertEquals(arguments, KernelArguments.of(config, hasConsole, null, List.of(), List.of(), problems).toString());
        problems.throwIfAny();
    }
}
