package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.BootSourceConfig;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.config.VsockConfig;
import io.vmm4j.core.host.OpenedFiles;
import io.vmm4j.core.host.VsockSockets;
import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that a front door has opened before the machine is built. */
class OpenedFilesTest {

    @TempDir
    Path directory;

    private static GivenParts given(OpenedFiles files) {
        return new GivenParts(null, null, List.of(), files, null);
    }

    private VmConfig config(String kernel, DriveConfig... drives) {
        return VmConfig.of(new BootSourceConfig(directory.resolve(kernel).toString(), null, null), List.of(drives), null);
    }

    private DriveConfig drive(String id, String image) {
        return new DriveConfig(id, false, null, directory.resolve(image).toString(), false, null);
    }

    private Fd open(String name, int size) throws IOException {
        return Fd.open(Files.write(directory.resolve(name), new byte[size]), Fd.O_RDWR);
    }

    private static HostFiles files(VmConfig config, OpenedFiles opened) throws ConfigException, IOException {
        return HostFiles.open(config, given(opened), VirtioPlan.slots(config.drives().size()));
    }

    @Test
    void anImageIsTheOneThatWasOpenedWhateverIsAtItsPathNow() throws Exception {
        try (Fd image = open("disk", 4096)) {
            Files.delete(directory.resolve("disk"));
            Files.writeString(directory.resolve("disk"), "another");
            OpenedFiles opened = new OpenedFiles(null, null, Map.of("a", image), Map.of(), null);
            ConfigException refused = assertThrows(ConfigException.class, () -> files(config("none", drive("a", "disk")), opened));
            assertEquals(List.of("boot-source.kernel_image_path"), refused.problems().stream().map(problem -> problem.key()).toList());
        }
    }

    @Test
    void anImageIsTakenAsItIsAndMayBeSeveralDrives() throws Exception {
        try (Fd odd = open("odd", 1000)) {
            OpenedFiles opened = new OpenedFiles(null, null, Map.of("a", odd, "b", odd), Map.of(), null);
            ConfigException refused = assertThrows(ConfigException.class,
                    () -> files(config("none", drive("a", "odd"), drive("b", "odd")), opened));
            assertEquals(1, refused.problems().size(), "the kernel's only: " + refused.getMessage());
        }
    }

    @Test
    void whatIsWrongWithAnOpenFileIsSaidOfItsName() throws Exception {
        try (Fd kernel = open("kernel", 100)) {
            OpenedFiles opened = new OpenedFiles(kernel, null, Map.of(), Map.of(), null);
            ConfigException refused = assertThrows(ConfigException.class, () -> files(config("kernel"), opened));
            assertTrue(refused.getMessage().contains("kernel image " + directory.resolve("kernel")), refused.getMessage());
            assertFalse(refused.getMessage().contains("/proc/"), refused.getMessage());
        }
    }

    @Test
    void aSocketIsTheMachinesToCloseAlsoWhenThatCannotBeBuilt() throws Exception {
        Path socket = directory.resolve("v.sock");
        OpenedFiles opened = new OpenedFiles(null, null, Map.of(), Map.of(), VsockSockets.open(socket));
        assertTrue(Files.exists(socket));
        VmConfig config = new VmConfig(new BootSourceConfig("none", null, null), null, null, null, null,
                new VsockConfig(3L, socket.toString(), null), null, null, null, null, null);
        ConfigException refused = assertThrows(ConfigException.class, () -> files(config, opened));
        assertEquals(1, refused.problems().size(), "its own socket is not in its way: " + refused.getMessage());
        assertFalse(Files.exists(socket));
    }
}
