package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.DriveConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Debian's own kernel, booted to its user space. */
@Tag("linux")
class LinuxBootTest {

    @TempDir
    Path directory;

    private Path copyOf(String image) throws Exception {
        return Files.copy(LinuxGuest.image(image), directory.resolve("disk.img"), StandardCopyOption.REPLACE_EXISTING);
    }

    private static DriveConfig root(Path image, boolean readOnly) {
        return new DriveConfig("rootfs", true, null, image.toString(), readOnly, null);
    }

    private static String digest(Path file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }

    @ParameterizedTest
    @CsvSource({"kernel/bzImage, 255", "kernel/vmlinux, 176"})
    void aStockKernelBootsFromItsInitrdAloneAndPowersOff(String kernel, String loader) throws Exception {
        LinuxGuest.Outcome outcome = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.image(kernel)),
                "uname -s; cat /proc/mounts /proc/sys/kernel/bootloader_type");
        assertEquals(loader, lastLine(outcome.answer()), "0xff: zero page by a loader without a number; 0xb0: PVH");
        assertTrue(outcome.answer().startsWith("Linux"), outcome.output());
        assertTrue(outcome.answer().contains("rootfs / "), outcome.output());
        assertEquals(VmExitReason.POWEROFF, outcome.exit().reason(), outcome.exit().message());
    }

    @Test
    void aWriteToTheRootFileSystemSurvivesTheNextBoot() throws Exception {
        Path disk = copyOf("guest/rootfs.ext4");
        LinuxGuest.Outcome first = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage()).drive(root(disk, false)),
                "grep ' / ' /proc/mounts; dd if=/dev/urandom of=/data/blob bs=64k count=64 2>/dev/null; sync; md5sum /data/blob");
        assertEquals(VmExitReason.POWEROFF, first.exit().reason(), first.exit().message());
        assertTrue(first.answer().contains("/dev/vda / ext4 rw"), first.output());
        LinuxGuest.Outcome second = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage()).drive(root(disk, false)),
                "md5sum /data/blob");
        assertEquals(lastLine(first.answer()), second.answer());
    }

    @Test
    void aReadOnlyRootFileSystemIsReadOnlyInTheGuestAndUnchangedOnTheHost() throws Exception {
        Path disk = copyOf("guest/rootfs.ext4");
        String before = digest(disk);
        LinuxGuest.Outcome outcome = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage()).drive(root(disk, true)),
                "cat /sys/block/vda/ro; touch /data/x || echo refused; dd if=/dev/zero of=/dev/vda bs=512 count=1 || echo refused");
        assertEquals(VmExitReason.POWEROFF, outcome.exit().reason(), outcome.exit().message());
        assertTrue(outcome.answer().startsWith("1"), outcome.output());
        assertEquals(2, outcome.answer().lines().filter("refused"::equals).count(), outcome.output());
        assertEquals(before, digest(disk), "a read-only image was written to");
    }

    @Test
    void aPartitionedImageBootsFromItsFirstPartitionWithoutBeingTold() throws Exception {
        Path disk = copyOf("guest/rootfs-part.img");
        LinuxGuest.Outcome outcome = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.vmlinux()).drive(root(disk, false)),
                "grep ' / ' /proc/mounts");
        assertTrue(outcome.answer().contains("/dev/vda1 / ext4"), outcome.output());
    }

    @ParameterizedTest
    @ValueSource(longs = {1024, 2048, 5120})
    void theGuestFindsTheMemoryItWasGiven(long mib) throws Exception {
        LinuxGuest.Outcome outcome = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage()).memoryMib(mib),
                "grep MemTotal /proc/meminfo; grep 'System RAM' /proc/iomem");
        long kib = Long.parseLong(outcome.answer().lines().findFirst().orElseThrow().replaceAll("\\D", ""));
        assertTrue(kib > mib * 1024 * 9 / 10 && kib <= mib * 1024, outcome.output());
        assertEquals(mib > 3072, outcome.answer().contains("100000000-"), "RAM above the hole: " + outcome.output());
    }

    @Test
    void everyVcpuComesUp() throws Exception {
        LinuxGuest.Outcome outcome = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage()).vcpus(4),
                "grep -c ^processor /proc/cpuinfo; cat /sys/devices/system/cpu/online");
        assertEquals("4\n0-3", outcome.answer(), outcome.output());
    }

    @Test
    void aRebootEndsTheMachineAsAReset() throws Exception {
        LinuxGuest.Outcome outcome = LinuxGuest.boot(LinuxGuest.machine(LinuxGuest.bzImage())
                .bootArgs(LinuxGuest.arguments("true", "reboot")), console -> { });
        assertEquals(VmExitReason.RESET, outcome.exit().reason(), outcome.exit().message());
    }

    @Test
    void aRebootEndsTheMachineAlsoWhereNobodyTellsTheKernelHow() throws Exception {
        LinuxGuest.Outcome outcome = LinuxGuest.boot(LinuxGuest.machine(LinuxGuest.bzImage())
                .bootArgs(LinuxGuest.arguments("cat /sys/kernel/reboot/type", "reboot").replace("reboot=k ", "")), console -> { });
        assertEquals(VmExitReason.RESET, outcome.exit().reason(), outcome.exit().message());
        assertEquals("efi", outcome.answer(), "and there is none");
    }

    @Test
    void aPanicWithPanic1EndsTheMachineAsAReset() throws Exception {
        LinuxGuest.Outcome outcome = LinuxGuest.boot(LinuxGuest.machine(LinuxGuest.bzImage())
                .bootArgs(LinuxGuest.arguments("true", "panic")), console -> { });
        assertEquals(VmExitReason.RESET, outcome.exit().reason(), outcome.exit().message());
        assertEquals("the guest asked for a reset (keyboard controller), after its console said \"Kernel panic - not syncing: sysrq triggered crash\"",
                outcome.exit().message());
        assertTrue(outcome.output().contains("Kernel panic"), outcome.output());
    }

    @Test
    void aPanicOfAKernelWithTheDriverForItIsTheReasonOfTheEnd() throws Exception {
        LinuxGuest.Outcome outcome = LinuxGuest.boot(LinuxGuest.machine(LinuxGuest.bzImage())
                .bootArgs(LinuxGuest.arguments("for module in /on-demand/*pvpanic*; do insmod $module; done; cat /sys/bus/acpi/devices/QEMU0001:00/status"
                        + " /sys/bus/platform/drivers/pvpanic-mmio/QEMU0001:00/capability", "panic")), console -> { });
        assertEquals(new VmExit(VmExitReason.GUEST_PANIC,
                "the guest's kernel panicked (sysrq triggered crash): the guest asked for a reset (keyboard controller)"), outcome.exit(), outcome.output());
        assertTrue(outcome.answer().endsWith("3"), outcome.output());
    }

    @Test
    void theKernelFindsEveryDeviceWithoutAComplaint() throws Exception {
        LinuxGuest.Outcome outcome = LinuxGuest.run(LinuxGuest.machine(LinuxGuest.bzImage()).drive(root(copyOf("guest/rootfs.ext4"), false)),
                "dmesg -r | grep -E '^<[0-4]>' | cut -c1-160; echo ===; dmesg | grep -E 'ttyS|i8042|rtc|clocksource|ACPI: PM|16550'; date +%s");
        String warnings = outcome.answer().substring(0, outcome.answer().indexOf("==="));
        for (String device : new String[] {"i8042", "ttyS", "rtc_cmos", "virtio", "ACPI Error", "ACPI BIOS Error", "ACPI Warning", "PNP:", "APIC"}) {
            assertFalse(warnings.contains(device), device + " complains: " + warnings);
        }
        assertTrue(outcome.answer().contains("16550A"), outcome.output());
        long guestSeconds = Long.parseLong(lastLine(outcome.answer()));
        assertTrue(Math.abs(Instant.now().getEpochSecond() - guestSeconds) < 600, "the guest's clock is off: " + outcome.output());
    }

    private static String lastLine(String text) {
        return text.lines().reduce((a, b) -> b).orElseThrow();
    }
}
