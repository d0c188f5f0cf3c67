package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.DriveConfig;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Kernels that find processors and disks by ACPI alone, by MP table and arguments alone, and by either, with their drivers
 * built in and no initial RAM disk. {@code integration-tests/testbed/kernels} builds them.
 */
@Tag("kernels")
class SmallKernelsTest {

    private static final long DATA_BYTES = 5 << 20;

    @TempDir
    Path directory;

    private static Path kernel(String name) {
        String kernels = System.getProperty("vmm4j.kernels");
        assumeTrue(kernels != null && Files.isReadable(Path.of(kernels, name)), "integration-tests/testbed/kernels has not been run");
        return Path.of(kernels, name);
    }

    private VmBuilder machine(String kernel) throws IOException {
        Path data = directory.resolve("data.img");
        try (RandomAccessFile file = new RandomAccessFile(data.toFile(), "rw")) {
            file.setLength(DATA_BYTES);
        }
        return VmBuilder.create().kernel(kernel(kernel)).vcpus(2).memoryMib(256)
                .drive(LinuxGuest.root())
                .drive(new DriveConfig("data", false, null, data.toString(), false, null));
    }

    @ParameterizedTest
    @CsvSource({"no-acpi/bzImage, ''", "no-acpi/vmlinux, ''", "no-mptable/bzImage, ''", "no-mptable/vmlinux, ''", "both/bzImage, ''",
        "both/vmlinux, acpi=off"})
    void theKernelFindsProcessorsAndDisksInItsWay(String kernel, String arguments) throws Exception {
        LinuxGuest.Outcome outcome = LinuxGuest.boot(machine(kernel).bootArgs(arguments + " " + LinuxGuest.arguments("""
                echo "online $(cat /sys/devices/system/cpu/online)"
                echo "root $(grep ' / ' /proc/mounts)"
                echo "bytes $(($(cat /sys/block/vdb/size) * 512))"
                echo "read $(dd if=/dev/vdb bs=64k 2>/dev/null | wc -c)"
                ls /sys/firmware
                sed 's/^/interrupts /' /proc/interrupts
                dmesg | grep -i -E 'acpi|mptable|mpc:|smp|apic|clocksource' | sed 's/^/kernel /'
                """, "reboot")), console -> { });
        String answer = outcome.answer();
        assertEquals(VmExitReason.RESET, outcome.exit().reason(), outcome.exit().message());
        assertTrue(answer.contains("online 0-1\n"), outcome.output());
        assertTrue(answer.contains("root /dev/root / ext4") || answer.contains("root /dev/vda / ext4"), outcome.output());
        assertTrue(answer.contains("bytes " + DATA_BYTES + "\n"), outcome.output());
        assertTrue(answer.contains("read " + DATA_BYTES + "\n"), outcome.output());
        assertTrue(answer.matches("(?s).*IO-APIC[^\n]*virtio.*"), outcome.output());
        boolean hasAcpi = !kernel.startsWith("no-acpi") && arguments.isEmpty();
        assertEquals(hasAcpi, answer.contains("acpi\n"), "ACPI in " + outcome.output());
        assertFalse(outcome.output().contains("BIOS bug"), outcome.output());
    }
}
