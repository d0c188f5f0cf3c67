package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.control.DeviceChangeException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian's kernel is given drives and network interfaces while it runs, and gives them back. */
@Tag("linux")
class DeviceHotplugTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final long MIB = 1 << 20;
    /** Warnings and worse, but for those that tell of a slow host and of an old file system. */
    private static final String WARNINGS = "dmesg -r | grep -E '^<[0-4]>' | grep -v -e 'hrtimer: interrupt took' -e 'until 2038' | tail -n 5";

    @TempDir
    private Path directory;

    private static VmBuilder machine() {
        return LinuxGuest.machine(LinuxGuest.bzImage()).bootArgs("console=ttyS0 quiet reboot=k panic=1 pci=off");
    }

    private Path image(String name, long size) throws IOException {
        Path image = directory.resolve(name);
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(size);
        }
        return image;
    }

    private static DriveConfig drive(String id, Path image) {
        return new DriveConfig(id, false, null, image.toString(), false, null);
    }

    private static void await(CompletableFuture<Void> change) throws Exception {
        change.get(3 * PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private static String refusal(CompletableFuture<Void> change) {
        Throwable cause = assertThrows(ExecutionException.class, () -> await(change)).getCause();
        assertEquals(DeviceChangeException.class, cause.getClass(), cause.toString());
        return cause.getMessage();
    }

    @Test
    void aDriveIsUsedRemovedAndAddedAgainWithWhatWasWrittenToIt() throws Exception {
        Path image = image("data.img", 48 * MIB);
        GuestShell shell = new GuestShell();
        try (Vm vm = machine().vcpus(2).serial(shell.console()).build()) {
            vm.start();
            shell.awaitPrompt();
            String warnings = shell.run(WARNINGS);
            assertEquals("", shell.run("ls /sys/block"));

            await(vm.devices().addDrive(drive("data", image), PATIENCE));
            assertEquals("vda", shell.run("ls /sys/block"), "it is there when the future completes");
            assertEquals(Long.toString(48 * MIB / 512), shell.run("cat /sys/block/vda/size"));
            String sum = shell.run("mke2fs -q /dev/vda >/dev/null 2>&1; mount /dev/vda /mnt && head -c 20000000 /dev/urandom >/mnt/file"
                    + " && md5sum </mnt/file && umount /mnt");
            assertEquals(35, sum.length(), sum);
            assertEquals("drive id \"data\" is used twice (drives.data.drive_id)",
                    assertThrows(ConfigException.class, () -> vm.addDrive(drive("data", image))).getMessage());

            await(vm.devices().removeDrive("data", PATIENCE));
            assertEquals("", shell.run("ls /sys/block; ls /sys/bus/virtio/devices"));
            assertThrows(NoSuchElementException.class, () -> vm.drive("data"));
            assertThrows(NoSuchElementException.class, () -> vm.removeDrive("data"));

            await(vm.devices().addDrive(drive("other", image).withQueues(2, 128), PATIENCE));
            assertEquals(sum, shell.run("mount -o ro /dev/vda /mnt && md5sum </mnt/file && umount /mnt"));
            assertEquals("2", shell.run("ls /sys/block/vda/mq | wc -l"), "queues");
            vm.drive("other").refresh().get(10, TimeUnit.SECONDS);
            await(vm.devices().removeDrive("other", PATIENCE));
            assertEquals(warnings, shell.run(WARNINGS));
        }
    }

    @Test
    void aMountedDriveThatIsPulledTakesNothingElseDown() throws Exception {
        GuestShell shell = new GuestShell();
        try (Vm vm = machine().serial(shell.console()).build()) {
            vm.start();
            shell.awaitPrompt();
            await(vm.devices().addDrive(drive("data", image("data.img", 16 * MIB)), PATIENCE));
            await(vm.devices().addDrive(drive("more", image("more.img", 8 * MIB)), PATIENCE));
            shell.run("mke2fs -q /dev/vda >/dev/null 2>&1; mount /dev/vda /mnt; (while :; do echo x >>/mnt/log || break; done) >/dev/null 2>&1 & true");
            await(vm.devices().removeDrive("data", PATIENCE));
            assertEquals("vdb", shell.run("ls /sys/block"));
            assertEquals("1048576", shell.run("head -c 1048576 /dev/vdb | wc -c"));
            shell.run("umount -l /mnt");
            await(vm.devices().addDrive(drive("data", image("data.img", 16 * MIB)), PATIENCE));
            assertEquals("vda vdb", shell.run("ls /sys/block | tr '\\n' ' '"));
        }
    }

    @Test
    void aNetworkInterfaceCarriesFramesAndGoesAndComesWithAnotherAddress() throws Exception {
        GuestShell shell = new GuestShell();
        try (HostTap tap = new HostTap("vmmtap0"); Vm vm = machine().serial(shell.console()).build()) {
            vm.start();
            shell.awaitPrompt();
            String warnings = shell.run(WARNINGS);
            for (String mac : new String[] {"02:fc:00:00:00:05", "02:fc:00:00:00:06"}) {
                await(vm.devices().addNetworkInterface(NetworkInterfaceConfig.of("eth", tap.name(), mac), PATIENCE));
                assertEquals(mac, shell.run("cat /sys/class/net/eth0/address"));
                ConfigException taken = assertThrows(ConfigException.class,
                        () -> vm.addNetworkInterface(NetworkInterfaceConfig.of("more", tap.name(), "02:fc:00:00:00:07")));
                assertTrue(taken.getMessage().endsWith("(network-interfaces.more.host_dev_name)"), taken.getMessage());
                assertEquals("3 packets transmitted, 3 packets received, 0% packet loss",
                        shell.run("ip link set eth0 up; ip addr add " + HostTap.GUEST + "/24 dev eth0; ping -c 3 -W 5 " + HostTap.HOST + " | grep received"));
                assertTrue(vm.networkInterface("eth").statistics().rxFrames() > 0);
                await(vm.devices().removeNetworkInterface("eth", PATIENCE));
                assertEquals("lo", shell.run("ls /sys/class/net"));
            }
            assertEquals(warnings, shell.run(WARNINGS));
        }
    }

    @Test
    void manyRoundsLeaveNothingBehindOnTheHost() throws Exception {
        Path image = image("data.img", 4 * MIB);
        GuestShell shell = new GuestShell();
        try (HostTap tap = new HostTap("vmmtap0"); Vm vm = machine().machine(MachineConfig.of(1, 256).withSpareDevices(2)).serial(shell.console()).build()) {
            vm.start();
            shell.awaitPrompt();
            long before = 0;
            for (int round = 0; round < 12; round++) {
                await(vm.devices().addDrive(drive("data", image), PATIENCE));
                await(vm.devices().addNetworkInterface(NetworkInterfaceConfig.of("eth", tap.name(), null), PATIENCE));
                assertTrue(refusal(vm.devices().addDrive(drive("third", image("third.img", MIB)), PATIENCE)).startsWith("all 2 spare places for devices are taken"));
                await(vm.devices().removeNetworkInterface("eth", PATIENCE));
                await(vm.devices().removeDrive("data", PATIENCE));
                assertEquals(List.of(), threadsOfDevices());
                long now = descriptors();
                // The first round brings in what is made once.
                assertTrue(round == 0 || now == before, "round " + round + ": " + now + " descriptors after " + before);
                before = now;
            }
            assertEquals("", shell.run("ls /sys/block; ls /sys/bus/virtio/devices"));
        }
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    private static List<String> threadsOfDevices() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).filter(name -> name.matches("(blk|net)-.*")).toList();
    }

    @Test
    void aMachineWithLargeApicIdsTakesDevicesToo() throws Exception {
        GuestShell shell = new GuestShell();
        MachineConfig large = new MachineConfig(2, 125, 512L, 1, 5, 5, 5, null, null, null, null, null, null);
        try (Vm vm = machine().machine(large).serial(shell.console()).build()) {
            vm.start();
            shell.awaitPrompt();
            await(vm.devices().addDrive(drive("data", image("data.img", 4 * MIB)), PATIENCE));
            assertEquals("4194304", shell.run("cat /dev/vda | wc -c"));
            await(vm.resizeVcpus(3, PATIENCE));
            await(vm.devices().removeDrive("data", PATIENCE));
            assertEquals("", shell.run("ls /sys/block"));
        }
    }

    @Test
    void aGuestWithoutAcpiTakesNothingAndTheImageIsFreeAgain() throws Exception {
        Path image = image("data.img", 4 * MIB);
        GuestShell shell = new GuestShell();
        try (Vm vm = machine().bootArgs("console=ttyS0 quiet reboot=k panic=1 pci=off acpi=off").serial(shell.console()).build()) {
            vm.start();
            shell.awaitPrompt();
            for (int i = 0; i < 2; i++) {
                assertEquals("drive data is not added: the guest did not take notice of it within 1000 ms: its kernel does not listen to ACPI events,"
                        + " or not yet", refusal(vm.devices().addDrive(drive("data", image), Duration.ofSeconds(1))));
            }
            assertEquals("still there", shell.run("echo still there"));
        }
    }

    @Test
    void aDeviceWithoutADriverInTheGuestIsTakenBack() throws Exception {
        GuestShell shell = new GuestShell();
        try (Vm vm = machine().serial(shell.console()).build()) {
            vm.start();
            shell.awaitPrompt();
            shell.run("rmmod virtio_blk");
            assertEquals("drive data is not added: the guest has found it, but no driver there has taken it up within 3000 ms",
                    refusal(vm.devices().addDrive(drive("data", image("data.img", 4 * MIB)), Duration.ofSeconds(3))));
            assertEquals("", shell.run("ls /sys/bus/platform/devices | grep LNRO"));
            assertEquals("", shell.run("insmod /modules/*-virtio_blk.ko*"), "which kernels have compressed, or not");
            await(vm.devices().addDrive(drive("data", image("data.img", 4 * MIB)), PATIENCE));
            assertEquals("4194304", shell.run("cat /dev/vda | wc -c"));
        }
    }

    @Test
    void aPersonAddsAndRemovesDevicesByTheControlSocket() throws Exception {
        Path socket = directory.resolve("control");
        image("data.img", 4 * MIB);
        image("more.img", MIB);
        List<String> words = LinuxGuest.program("--kernel-path", LinuxGuest.bzImage().toString(), "--initrd-path", LinuxGuest.initrd().toString(),
                "--mem-size", "256M", "--boot-args", "console=ttyS0 quiet reboot=k panic=1 pci=off", "--api-sock-path", socket.toString(),
                "--spare-devices", "2");
        try (HostTap tap = new HostTap("vmmtap0"); TerminalSession session = new TerminalSession(directory, words)) {
            session.awaitText("vmm4j-guest: init", PATIENCE);
            session.type("echo up-$((1 + 1))\n");
            session.awaitText("up-2", PATIENCE);
            // As seen from the directory of who asks, which is not the machine's.
            assertEquals("0 ", update(socket, "--virblks", "[{\"drive_id\": \"data\", \"path_on_host\": \"data.img\"}]",
                    "--virnets", "[{\"guest_mac\": \"02:fc:00:00:00:07\", \"iface_id\": \"eth\", \"host_dev_name\": \"" + tap.name() + "\"}]"));
            session.type("echo found-$(ls /sys/block)-$(cat /sys/class/net/eth0/address)\n");
            session.awaitText("found-vda-02:fc:00:00:00:07", PATIENCE);
            assertEquals("1 vmm: all 2 spare places for devices are taken (--spare-devices of the machine)",
                    update(socket, "--virblks", "[{\"drive_id\": \"more\", \"path_on_host\": \"data.img\"}]"));
            assertEquals("0 ", update(socket, "--remove-virnet", "eth"));
            assertEquals("2 vmm: drive id \"data\" is used twice (--virblks[0].drive_id)",
                    update(socket, "--virblks", "[{\"drive_id\": \"data\", \"path_on_host\": \"data.img\"}]"));
            assertEquals("2 vmm: disk image " + directory.resolve("absent") + " does not exist (--virblks[0].path_on_host)",
                    update(socket, "--virblks", "[{\"drive_id\": \"more\", \"path_on_host\": \"absent\"}]"));
            assertEquals("1 vmm: all 2 spare places for devices are taken (--spare-devices of the machine); added before it: drive more",
                    update(socket, "--virblks", "[{\"drive_id\": \"more\", \"path_on_host\": \"more.img\"}, {\"drive_id\": \"third\", \"path_on_host\": \"third.img\"}]"));
            assertEquals("0 ", update(socket, "--remove-virblk", "more"));
            assertEquals("2 vmm: this machine has no share \"data\", nor any other (--patch-fs)", update(socket, "--patch-fs",
                    "{\"ops\": \"umount\", \"tag\": \"data\", \"mountpoint\": \"/a\"}"));
            assertEquals("0 ", update(socket, "--remove-virblk", "data"));
            session.type("echo left-$( (ls /sys/block; ls /sys/bus/virtio/devices) | grep -c v)\n");
            session.awaitText("left-0", PATIENCE);
            assertTrue(update(socket, "--remove-virblk", "data").startsWith("2 vmm: this machine has no drive \"data\""));
            session.type("poweroff -f\n");
            assertEquals(0, session.awaitEnd(PATIENCE), session::screen);
        }
    }

    /** Exit status and output. */
    private String update(Path socket, String... changes) throws Exception {
        List<String> words = new ArrayList<>(LinuxGuest.program("--api-sock-path", socket.toString(), "update"));
        words.addAll(List.of(changes));
        Process process = new ProcessBuilder(words).directory(directory.toFile()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor() + " " + output.strip();
    }
}
