package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.VmState;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.control.DeviceChangeException;
import io.vmm4j.core.control.DriveControl;
import io.vmm4j.core.event.EventJson;
import io.vmm4j.core.host.StreamConsole;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Devices come to a guest that speaks to the slots' registers itself, and is good or bad as a key on its console has it. */
@Tag("kvm")
@Timeout(120)
class SlotGuestTest {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(400);

    @TempDir
    private Path directory;

    private final CapturedConsole console = StreamConsole.capture();
    private Vm vm;

    @BeforeEach
    void startGuest() throws Exception {
        Path kernel = AssembledGuest.kernel("slots");
        MachineConfig machine = MachineConfig.of(1, 64).withSpareDevices(3);
        vm = VmBuilder.create().kernel(kernel).initrd(kernel).machine(machine).serial(console).build();
        vm.start();
        await("ready=");
    }

    @AfterEach
    void stopGuest() {
        if (vm != null) {
            vm.close();
        }
    }

    private void await(String text) throws InterruptedException {
        assertTrue(console.awaitText(text, LONG), () -> "no \"" + text + "\" in: " + console.text());
    }

    private void be(char mode) throws InterruptedException {
        console.type(String.valueOf(mode));
        await("mode=" + String.format("%08x", (int) mode));
    }

    private DriveConfig drive(String id) throws IOException {
        Path image = directory.resolve(id);
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(1 << 20);
        }
        return new DriveConfig(id, false, null, image.toString(), false, null);
    }

    private static void done(CompletableFuture<Void> change) throws Exception {
        change.get(60, TimeUnit.SECONDS);
    }

    private static String refusal(CompletableFuture<Void> change) {
        Throwable cause = assertThrows(ExecutionException.class, () -> done(change)).getCause();
        assertEquals(DeviceChangeException.class, cause.getClass(), cause.toString());
        return cause.getMessage();
    }

    /** Whether the image of {@code id} is open in this process. */
    private boolean isOpen(String id) throws IOException {
        Path image = directory.resolve(id).toRealPath();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.anyMatch(descriptor -> {
                try {
                    return Files.isSameFile(descriptor, image);
                } catch (IOException e) {
                    return false;
                }
            });
        }
    }

    @Test
    void drivesComeAndGoInEverySlotThereIs() throws Exception {
        for (int round = 0; round < 3; round++) {
            for (String id : new String[] {"a", "b", "c"}) {
                done(vm.devices().addDrive(drive(id), LONG));
                assertTrue(isOpen(id));
            }
            assertTrue(refusal(vm.devices().addDrive(drive("d"), LONG)).startsWith("all 3 spare places for devices are taken"));
            assertEquals(false, isOpen("d"));
            for (String id : new String[] {"b", "a", "c"}) {
                done(vm.devices().removeDrive(id, LONG));
                assertEquals(false, isOpen(id));
                assertThrows(NoSuchElementException.class, () -> vm.removeDrive(id));
            }
        }
    }

    @Test
    void whatComesAndGoesIsCountedAndTold() throws Exception {
        BlockingQueue<String> news = new LinkedBlockingQueue<>();
        try (AutoCloseable listening = vm.addListener(event -> news.add(EventJson.line(event)))) {
            done(vm.devices().addDrive(drive("a"), LONG));
            assertEquals(Set.of("a"), vm.metrics().drives().keySet());
            assertTrue(news.poll(60, TimeUnit.SECONDS).endsWith("\"event\":\"device\",\"device\":\"drive a\",\"added\":true}"));
            be('n');
            refusal(vm.devices().addDrive(drive("b"), SHORT));
            assertEquals(Set.of("a"), vm.metrics().drives().keySet());
            be('h');
            done(vm.devices().removeDrive("a", LONG));
            assertEquals(Set.of(), vm.metrics().drives().keySet());
            assertTrue(news.poll(60, TimeUnit.SECONDS).endsWith("\"device\":\"drive a\",\"added\":false}"));
        }
    }

    @Test
    void aLiarKeepsTheDriveAndIsNotBelieved() throws Exception {
        done(vm.devices().addDrive(drive("a"), LONG));
        be('l');
        assertEquals("drive a is not removed: the guest says that it is gone, but its driver goes on using it", refusal(vm.devices().removeDrive("a", LONG)));
        assertEquals("a", vm.drive("a").id());
        be('h');
        done(vm.devices().removeDrive("a", LONG));
        assertEquals(false, isOpen("a"));
    }

    @Test
    void aGuestWithoutADriverIsTakenTheDeviceFromAndAskedToForgetIt() throws Exception {
        be('n');
        assertEquals("drive a is not added: the guest has found it, but no driver there has taken it up within 400 ms",
                refusal(vm.devices().addDrive(drive("a"), SHORT)));
        assertEquals(false, isOpen("a"));
        await("news=00030000");
        assertThrows(NoSuchElementException.class, () -> vm.drive("a"));
        be('h');
        done(vm.devices().addDrive(drive("a"), LONG));
    }

    @Test
    void aSilentGuestLosesTheDeviceAndItsSlotUntilItAnswers() throws Exception {
        be('s');
        for (String id : new String[] {"a", "b", "c"}) {
            assertEquals("drive " + id + " is not added: the guest took notice of it, but no driver has taken it up within 400 ms",
                    refusal(vm.devices().addDrive(drive(id), SHORT)));
            assertEquals(false, isOpen(id));
        }
        be('h');
        assertTrue(refusal(vm.devices().addDrive(drive("a"), LONG)).startsWith("all 3 spare places for devices are taken"));
    }

    @Test
    void aDeafGuestIsNoHindrance() throws Exception {
        be('d');
        assertEquals("drive a is not added: the guest did not take notice of it within 400 ms: its kernel does not listen to ACPI events,"
                + " or not yet", refusal(vm.devices().addDrive(drive("a"), SHORT)));
        be('h');
        done(vm.devices().addDrive(drive("a"), LONG));
        be('d');
        assertTrue(refusal(vm.devices().removeDrive("a", SHORT)).startsWith("drive a is not removed: the guest did not take notice within 400 ms"));
        be('h');
        done(vm.devices().removeDrive("a", LONG));
    }

    @Test
    void whatIsGivenBackUnaskedStays() throws Exception {
        done(vm.devices().addDrive(drive("a"), LONG));
        be('e');
        be('h');
        done(vm.devices().removeDrive("a", LONG));
    }

    @Test
    void aStormOfRegisterAccessesNeitherAddsNorRemovesAnything() throws Exception {
        done(vm.devices().addDrive(drive("a"), LONG));
        be('w');
        refusal(vm.devices().addDrive(drive("b"), SHORT));
        refusal(vm.devices().removeDrive("a", SHORT));
        assertTrue(isOpen("a"));
        assertEquals(VmState.RUNNING, vm.state());
        be('h');
        assertEquals("a", vm.drive("a").id());
    }

    @Test
    void aSecondChangeMeanwhileIsRefused() throws Exception {
        be('d');
        CompletableFuture<Void> first = vm.devices().addDrive(drive("a"), SHORT);
        assertEquals("another change of the devices is under way", refusal(vm.devices().addDrive(drive("b"), SHORT)));
        refusal(first);
        be('h');
        done(vm.devices().addDrive(drive("b"), LONG));
    }

    @Test
    void whatCannotBeOneOfTheMachinesDevicesIsRefusedAtOnceAndNamed() throws Exception {
        done(vm.devices().addDrive(drive("a"), LONG));
        assertEquals("drive id \"a\" is used twice (drives.a.drive_id)", assertThrows(ConfigException.class, () -> vm.addDrive(drive("a"))).getMessage());
        DriveConfig root = new DriveConfig("b", true, null, drive("b").pathOnHost(), false, null);
        assertEquals("a running machine has its root device already, or none (drives.b.is_root_device)",
                assertThrows(ConfigException.class, () -> vm.addDrive(root)).getMessage());
        DriveConfig absent = new DriveConfig("b", false, null, directory.resolve("absent").toString(), false, null);
        assertEquals("disk image " + absent.pathOnHost() + " does not exist (drives.b.path_on_host)",
                assertThrows(ConfigException.class, () -> vm.addDrive(absent)).getMessage());
        DriveConfig same = new DriveConfig("b", false, null, drive("a").pathOnHost(), false, null);
        assertTrue(assertThrows(ConfigException.class, () -> vm.addDrive(same)).getMessage().endsWith("(drives.b.path_on_host)"));
        NetworkInterfaceConfig nameless = NetworkInterfaceConfig.of("eth", "", null);
        assertEquals("a tap interface is required (network-interfaces.eth.host_dev_name)",
                assertThrows(ConfigException.class, () -> vm.addNetworkInterface(nameless)).getMessage());
        assertThrows(NoSuchElementException.class, () -> vm.removeNetworkInterface("eth"));
        done(vm.devices().addDrive(drive("b"), LONG));
    }

    @Test
    void aHostShortOfDescriptorsRefusesWithoutLosingOne() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/prlimit")), "there is no prlimit here to limit this process with");
        done(vm.devices().addDrive(drive("a"), LONG));
        done(vm.devices().removeDrive("a", LONG));
        // Brings in the classes that a refusal takes, which lie in files here.
        assertThrows(ConfigException.class, () -> vm.addDrive(new DriveConfig("b", false, null, directory.resolve("absent").toString(), false, null)));
        long before = descriptors();
        int refused = 0;
        boolean isAdded = false;
        for (int spare = 0; !isAdded; spare++) {
            isAdded = isAddedWith(spare);
            refused += isAdded ? 0 : 1;
            if (!isAdded) {
                assertEquals(before, descriptors(), "with " + spare + " to spare");
            }
            assertTrue(spare < 40, "a drive needs no more");
        }
        assertEquals(6, refused, "one for the image, three for its queue's loop, one for the interrupt and one for the queue");
        assertEquals(VmState.RUNNING, vm.state());
        done(vm.devices().removeDrive("a", LONG));
        assertEquals(before, descriptors());
    }

    /** Whether a drive can be added while this process has {@code spare} descriptors to spare. */
    private boolean isAddedWith(int spare) throws Exception {
        DriveConfig drive = drive("a");
        String pid = Long.toString(ProcessHandle.current().pid());
        // Started before, as nothing can be then.
        Process waiting = new ProcessBuilder("/bin/sh", "-c", "read line; prlimit --pid " + pid + " --nofile=4096:")
                .redirectOutput(Redirect.DISCARD).redirectError(Redirect.DISCARD).start();
        Process limiting = new ProcessBuilder("/usr/bin/prlimit", "--pid", pid, "--nofile=" + limitWith(spare) + ":")
                .redirectInput(new File("/dev/null")).redirectOutput(Redirect.DISCARD).redirectError(Redirect.DISCARD).start();
        assertEquals(0, limiting.waitFor());
        try {
            done(vm.devices().addDrive(drive, LONG));
            return true;
        } catch (ConfigException | ExecutionException e) {
            assertTrue(e.getMessage().contains("Too many open files"), e.toString());
            return false;
        } finally {
            waiting.getOutputStream().close();
            assertEquals(0, waiting.waitFor());
        }
    }

    /** The limit below which {@code spare} numbers are free. */
    private static int limitWith(int spare) throws IOException {
        Set<String> taken;
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            taken = open.map(path -> path.getFileName().toString()).filter(number -> !isListing(number)).collect(Collectors.toSet());
        }
        int limit = 0;
        for (int free = 0; free < spare || limit == 0; limit++) {
            free += taken.contains(Integer.toString(limit)) ? 0 : 1;
        }
        return limit;
    }

    /** Whether that descriptor is of the list of descriptors itself. */
    private static boolean isListing(String number) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd", number)).endsWith("fd");
        } catch (IOException e) {
            return true;
        }
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    @Test
    void whatIsGivenBackLateIsRemovedThenAndToldOf() throws Exception {
        BlockingQueue<String> news = new LinkedBlockingQueue<>();
        done(vm.devices().addDrive(drive("a"), LONG));
        be('s');
        assertEquals("drive a is not removed: the guest has not given it back within 400 ms", refusal(vm.devices().removeDrive("a", SHORT)));
        DriveControl control = vm.drive("a");
        try (AutoCloseable listening = vm.addListener(event -> news.add(EventJson.line(event)))) {
            be('o');
            assertTrue(news.poll(60, TimeUnit.SECONDS).endsWith("\"device\":\"drive a\",\"added\":false}"));
        }
        assertEquals(false, isOpen("a"));
        assertThrows(NoSuchElementException.class, () -> vm.removeDrive("a"));
        Path other = Path.of(drive("b").pathOnHost());
        assertEquals("the machine has ended, or drive a was removed from it", assertThrows(IOException.class, () -> control.updateImage(other)).getMessage());
        be('h');
        done(vm.devices().addDrive(drive("a"), LONG));
    }

    @Test
    void aChangeThatAPauseComesIntoEndsBehindThePauseAndNoOtherBegins() throws Exception {
        be('d');
        CompletableFuture<Void> change = vm.devices().addDrive(drive("a"), SHORT);
        vm.pause();
        assertEquals("a machine that is paused cannot change its devices",
                assertThrows(IllegalStateException.class, () -> vm.addDrive(drive("a"))).getMessage());
        vm.resume();
        assertTrue(refusal(change).startsWith("drive a is not added: the guest did not take notice of it within 400 ms"));
        assertEquals(false, isOpen("a"));
        be('h');
        done(vm.devices().addDrive(drive("a"), LONG));
    }

    @Test
    void aGuestThatResetsAmidAChangeEndsItWithTheMachine() throws Exception {
        be('s');
        CompletableFuture<Void> change = vm.devices().addDrive(drive("a"), LONG);
        be('r');
        assertEquals(VmExitReason.RESET, vm.await().reason());
        assertEquals("the machine has ended", refusal(change));
        vm.close();
        assertEquals(false, isOpen("a"));
    }

    @Test
    void aMachineThatEndsAmidAChangeSaysSoAndHoldsNothing() throws Exception {
        be('d');
        CompletableFuture<Void> change = vm.devices().addDrive(drive("a"), LONG);
        vm.close();
        assertEquals("the machine has ended", refusal(change));
        assertEquals(false, isOpen("a"));
        assertThrows(IllegalStateException.class, () -> vm.addDrive(drive("a")));
        assertThrows(IllegalStateException.class, () -> vm.removeDrive("a"));
    }

    @Test
    void aMachineThatEndsWithDevicesAddedClosesThem() throws Exception {
        done(vm.devices().addDrive(drive("a"), LONG));
        vm.close();
        assertEquals(false, isOpen("a"));
    }
}
