package io.vmm4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.config.VmConfigJson;
import io.vmm4j.core.host.SilentConsole;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigFileTest extends ApiTestBase {

    private FirecrackerServer start(String json) throws IOException {
        byte[] text = json.replace('\'', '"').replace("$T", directory.toString()).getBytes(StandardCharsets.UTF_8);
        return FirecrackerServer.open(FirecrackerOptions.at(directory.resolve("second.sock")).withoutApi().withConfigFile(text)
                .withStdio(SilentConsole::new));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {}                                                | Invalid JSON: missing field `drives` at line 1 column 2
            {'drives': []}                                    | Invalid JSON: missing field `boot-source` at line 1 column 14
            {'drives': [], 'boot-source': {'kernel_image_path': '$T/none'}, 'unknown': [1]} | Boot source error: The kernel file cannot be opened: No such file or directory (os error 2)
            {'drives': [], 'cpu-config': {'x': 1}}            | Invalid JSON: data did not match any variant of untagged enum CustomCpuTemplateOrPath at line 1 column 38
            {'drives': [], 'boot-source': {'kernel_image_path': '$T/spin.elf'}, 'cpu-config': '$T/none'} | File operation error: No such file or directory (os error 2)
            {'drives': [], 'boot-source': {'kernel_image_path': '$T/spin.elf'}, 'machine-config': {'vcpu_count': 1, 'mem_size_mib': 0}} | VM config error: The memory size (MiB) is either 0, or not a multiple of the configured page size.
            {'drives': [{'drive_id': 'a', 'is_root_device': true}], 'boot-source': {'kernel_image_path': '$T/spin.elf'}} | Block device error: Unable to create the virtio block device: Invalid block config.
            """)
    void whatIsWrongWithAFileIsSaidInItsWords(String json, String why) {
        IOException refused = assertThrows(IOException.class, () -> start(json));
        assertEquals("Failed to build MicroVM from Json: Configuration for VMM from one single json failed: " + why, refused.getMessage());
    }

    @Test
    void aMachineThatCannotStartIsAnotherMistake() {
        IOException refused = assertThrows(IOException.class, () -> start("{'drives': [], 'boot-source': {'kernel_image_path': '$T/root.img'}}"));
        assertTrue(refused.getMessage().startsWith("Failed to build MicroVM from Json: Could not Start MicroVM from one single json: System configuration error: Cannot load kernel"),
                refused.getMessage());
    }

    @Test
    @Tag("kvm")
    void aFileStartsAMachine() throws Exception {
        assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
        try (FirecrackerServer booted = start("{'drives': [], 'boot-source': {'kernel_image_path': '$T/tiny.elf'}, 'cpu-config': {}}")) {
            assertEquals(VmExitReason.RESET, booted.await().reason());
        }
    }

    @Test
    @Tag("kvm")
    void aFilesIdsAreNotThoseOfUrls() throws Exception {
        assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
        String drive = "{'drive_id': '%s', 'path_on_host': '$T/root.img', 'is_root_device': false, 'is_read_only': true}";
        try (FirecrackerServer booted = start("{'drives': [" + drive.formatted("a-b") + "," + drive.formatted("") + "], 'boot-source': {"
                + "'kernel_image_path': '$T/tiny.elf'}}")) {
            assertEquals(VmExitReason.RESET, booted.await().reason());
        }
    }

    @Test
    void theSocketOfAMachineThatCannotStartStaysWhereThatIsAskedFor() throws IOException {
        Path second = directory.resolve("second.sock");
        FirecrackerOptions options = FirecrackerOptions.at(second).withConfigFile("{}".getBytes(StandardCharsets.UTF_8));
        assertThrows(IOException.class, () -> FirecrackerServer.open(options));
        assertFalse(Files.exists(second));
        assertThrows(IOException.class, () -> FirecrackerServer.openLeavingSocket(options));
        assertTrue(Files.exists(second));
    }

    @Test
    void whatTheApiShowsIsAConfigurationFile() throws Exception {
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf'}");
        done("PUT", "/machine-config", "{'vcpu_count': 2, 'mem_size_mib': 128, 'smt': true, 'track_dirty_pages': true}");
        done("PUT", "/drives/a", "{'drive_id': 'a', 'path_on_host': '$T/root.img', 'is_root_device': true, 'rate_limiter': "
                + "{'ops': {'size': 1, 'refill_time': 2}}}");
        done("PUT", "/balloon", "{'amount_mib': 1, 'deflate_on_oom': true}");
        done("PUT", "/vsock", "{'guest_cid': 3, 'uds_path': '$T/v'}");
        done("PUT", "/entropy", "{}");
        String shown = ApiClient.once(socket, "GET", "/vm/config", null).body();
        VmConfig config = VmConfigJson.parse(shown, "the API's answer");
        config.check();
        assertEquals(1, config.balloon().amountMib());
        assertEquals(directory.resolve("v").toString(), config.vsock().udsPath());
    }
}
