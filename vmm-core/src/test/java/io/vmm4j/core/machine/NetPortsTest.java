package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.kvm.libc.UnixSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What looking at a configuration leaves of what its network interfaces would stand on. */
class NetPortsTest {

    @TempDir
    private Path directory;

    private static String lookAt(NetworkInterfaceConfig network) throws Exception {
        Problems problems = new Problems();
        NetPorts.check(network, "n", problems);
        return problems.isEmpty() ? "" : assertThrows(ConfigException.class, problems::throwIfAny).getMessage();
    }

    @Test
    void aProgramThatListensIsNotConnectedTo() throws Exception {
        Path path = directory.resolve("s");
        try (UnixSocket listening = UnixSocket.listen(path.toString(), 1)) {
            assertEquals("", lookAt(NetworkInterfaceConfig.stream("eth0", path.toString())));
            assertNull(listening.accept());
        }
    }

    @Test
    void aMachineWithAnotherProblemConnectsToNobody() throws Exception {
        Path path = directory.resolve("s");
        try (UnixSocket listening = UnixSocket.listen(path.toString(), 1)) {
            VmBuilder machine = VmBuilder.create().kernel(directory.resolve("no-kernel")).networkInterface(NetworkInterfaceConfig.stream("eth0", path.toString()));
            assertTrue(assertThrows(ConfigException.class, machine::check).getMessage().contains("no-kernel"));
            assertTrue(assertThrows(ConfigException.class, machine::build).getMessage().contains("no-kernel"));
            assertNull(listening.accept());
        }
    }

    @Test
    void aPathWithoutASocketAndATapThatIsNotThereAreSaid() throws Exception {
        Path file = Files.createFile(directory.resolve("f"));
        String said = lookAt(NetworkInterfaceConfig.stream("eth0", file.toString()));
        assertTrue(said.contains("stream socket \"" + file + "\" cannot be used: connect(" + file + ")"), said);
        said = lookAt(NetworkInterfaceConfig.of("eth0", "no-such-tap", null));
        assertTrue(said.contains("tap no-such-tap does not exist"), said);
    }
}
