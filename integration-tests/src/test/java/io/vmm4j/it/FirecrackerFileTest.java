package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.VmConfigJson;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Machines as Firecracker's configuration files have them, with neither disk nor initrd, around a guest of a few bytes. */
@Tag("kvm")
@Timeout(60)
class FirecrackerFileTest {

    @TempDir
    Path directory;

    @BeforeEach
    void needsKvm() {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{'vcpu_count':1,'mem_size_mib':128,'smt':false,'track_dirty_pages':false,'huge_pages':'None'}",
        "{'vcpu_count':1,'mem_size_mib':64,'smt':true,'huge_pages':'Transparent','cpu_template':'None'}",
    })
    void itBootsAndPrintsIntoTheFileThatTakesItsSerialOutput(String machineConfig) throws Exception {
        Path output = directory.resolve("out");
        String json = """
                {'balloon':null,'drives':[],'boot-source':{'kernel_image_path':'%s','initrd_path':null,'boot_args':null},'cpu-config':null,
                 'logger':null,'machine-config':%s,'metrics':null,'mmds-config':null,'network-interfaces':[],'vsock':null,'entropy':null,
                 'pmem':[],'memory-hotplug':null,'serial':{'serial_out_path':'%s'}}
                """.formatted(new TinyKernel().print("hello\n").reset().writeTo(directory.resolve("kernel")), machineConfig, output);
        try (Vm vm = VmBuilder.fromConfig(VmConfigJson.parse(json.replace('\'', '"'), "vm.json")).build()) {
            vm.start();
            assertEquals(VmExitReason.RESET, vm.await(Duration.ofSeconds(30)).orElseThrow().reason());
        }
        assertEquals("hello\n", Files.readString(output));
    }
}
