package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.VmState;
import io.vmm4j.core.config.MachineConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a running guest is told through ACPI: processors that come and go, the power button, the generation id. */
@Tag("linux")
class PowerTest {

    /** How long a guest nested in software may take for a change. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String PRESENT = "cat /sys/devices/system/cpu/present";
    private static final String ONLINE = "for c in /sys/devices/system/cpu/cpu[1-9]; do echo 1 >$c/online; done; cat /sys/devices/system/cpu/online";
    private static final String SOCKETS = "echo $(cat /sys/devices/system/cpu/cpu[0-3]/topology/physical_package_id)";
    /** How many times each processor has been in user mode for a tick. */
    private static final String WORKED = "grep -c '^cpu[0-9]* [1-9]' /proc/stat";
    /** Warnings and worse, but for the one that tells of a slow host. */
    private static final String WARNINGS = "dmesg -r | grep -E '^<[0-4]>' | grep -v 'hrtimer: interrupt took' | tail -n 5";

    private static VmBuilder machine() {
        return LinuxGuest.machine(LinuxGuest.bzImage()).bootArgs("console=ttyS0 quiet reboot=k panic=1 pci=off");
    }

    private static void resize(Vm vm, int count) throws Exception {
        vm.resizeVcpus(count, PATIENCE).get(PATIENCE.toSeconds() + 10, TimeUnit.SECONDS);
        assertEquals(count, vm.vcpuCount());
    }

    @Test
    void processorsComeAndGoWhileTheyWork() throws Exception {
        GuestShell shell = new GuestShell();
        MachineConfig twoSocketsOfTwo = new MachineConfig(1, 4, 256L, 1, 2, 1, 2, null, null, null, null, null, null);
        try (Vm vm = machine().machine(twoSocketsOfTwo).serial(shell.console()).build()) {
            vm.start();
            shell.awaitPrompt();
            String warnings = shell.run(WARNINGS);
            assertEquals("0", shell.run(PRESENT));
            shell.run("for i in 1 2 3 4; do (while :; do md5sum /bin/busybox >/dev/null; usleep 30000; done) & done; true");

            resize(vm, 4);
            assertEquals("0-3", shell.run(PRESENT));
            assertEquals("0-3", shell.run(ONLINE));
            assertEquals("4", shell.run("usleep 2000000; " + WORKED), "every processor has work");
            assertEquals("0 0 1 1", shell.run(SOCKETS));

            resize(vm, 2);
            assertEquals("0-1", shell.run(PRESENT));
            assertEquals("0-1", shell.run("cat /sys/devices/system/cpu/online"));

            resize(vm, 4);
            assertEquals("0-3", shell.run(PRESENT));
            assertEquals("0-3", shell.run(ONLINE));
            assertEquals("0 0 1 1", shell.run(SOCKETS), "again");
            assertThrows(IllegalArgumentException.class, () -> vm.resizeVcpus(5));
            assertThrows(IllegalArgumentException.class, () -> vm.resizeVcpus(0));
            assertEquals(warnings, shell.run(WARNINGS));

            // Nobody in this guest listens to the power button, though the kernel does.
            VmExit exit = vm.shutdown(PATIENCE, Duration.ofSeconds(5)).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertEquals(VmExitReason.STOPPED, exit.reason(), exit.message());
            assertEquals("the guest did not power off within 5000 ms", exit.message());
        }
    }

    @Test
    void aGuestThatListensPowersOffAtThePowerButtonAndLivesThroughAPause() throws Exception {
        GuestShell shell = new GuestShell();
        try (Vm vm = machine().vcpus(2).serial(shell.console()).build()) {
            vm.start();
            shell.awaitPrompt();
            String warnings = shell.run(WARNINGS);
            assertTimeIsRight(shell);

            vm.pause();
            assertEquals(VmState.PAUSED, vm.state());
            String before = shell.console().text();
            shell.console().type("echo typed while paused\n");
            assertTrue(vm.await(Duration.ofSeconds(3)).isEmpty());
            assertEquals(before, shell.console().text(), "a paused guest does nothing");
            vm.resume();
            assertTrue(shell.console().awaitText("\ntyped while paused", PATIENCE), shell.console().text());
            assertTimeIsRight(shell);
            assertEquals(warnings, shell.run(WARNINGS));

            assertGenerationIdIsRenewed(vm, shell);

            shell.run("for module in /on-demand/*; do insmod $module; done");
            Matcher ged = Pattern.compile("(\\d+) +(\\d+) .*ACPI:Ged").matcher(shell.run("grep Ged /proc/interrupts"));
            assertTrue(ged.find(), "the event device has an interrupt");
            String device = shell.run("grep -l 'Power Button' /sys/class/input/event*/device/name | cut -d/ -f5");
            // Opened before the button is pressed: earlier events are not kept.
            shell.run("exec 3</dev/input/" + device + "; (dd bs=24 count=1 <&3 >/dev/null 2>&1 && poweroff -f) & true");
            VmExit exit = vm.shutdown(PATIENCE).get(PATIENCE.toSeconds() + 10, TimeUnit.SECONDS);
            assertEquals(VmExitReason.POWEROFF, exit.reason(), exit.message());
        }
    }

    private static void assertTimeIsRight(GuestShell shell) {
        long clock = Long.parseLong(shell.run("cat /sys/class/rtc/rtc0/since_epoch"));
        assertTrue(Math.abs(Instant.now().getEpochSecond() - clock) <= 10, "the CMOS clock is off: " + clock);
        long system = Long.parseLong(shell.run("date +%s"));
        assertTrue(Math.abs(Instant.now().getEpochSecond() - system) <= 10, "the guest's clock is off: " + system);
        assertEquals("kvm-clock", shell.run("cat /sys/devices/system/clocksource/clocksource0/current_clocksource"));
    }

    private static void assertGenerationIdIsRenewed(Vm vm, GuestShell shell) throws Exception {
        assertEquals("VMMJ0001", shell.run("cat /sys/bus/acpi/devices/VMMJ0001:00/hid"));
        String read = "devmem 0xe1000 64; devmem 0xe1008 64";
        String id = shell.run(read);
        assertFalse(id.contains("0x0000000000000000"), id);
        assertEquals(id, shell.run(read));
        vm.renewGenerationId();
        assertFalse(shell.run(read).equals(id), id);
    }
}
