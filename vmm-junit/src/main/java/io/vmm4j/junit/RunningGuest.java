package io.vmm4j.junit;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.console.CapturedConsole;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.platform.commons.support.ReflectionSupport;

/** A machine as an annotation has it, from its start to its end, with the directory for its socket. */
final class RunningGuest implements AutoCloseable {

    private final Path directory;
    private final Guest guest;

    private RunningGuest(Path directory, Guest guest) {
        this.directory = directory;
        this.guest = guest;
    }

    /**
     * Starts it, and waits until it is ready.
     *
     * @throws Exception when it cannot be built, or does not become ready; nothing is left then
     */
    static RunningGuest start(MicroVm wanted) throws Exception {
        // Short, as the paths of Unix sockets have to be.
        Path directory = Files.createTempDirectory("vm");
        Vm vm = null;
        try {
            CapturedConsole console = CapturedConsole.create();
            VmBuilder machine = builder(wanted, directory).serial(console);
            ReflectionSupport.newInstance(wanted.setup()).configure(machine, directory);
            Duration patience = Duration.ofSeconds(wanted.patienceSeconds());
            vm = machine.build();
            Guest guest = new Guest(vm, console, patience);
            vm.start();
            if (!wanted.ready().isEmpty()) {
                awaitReady(guest, wanted.ready());
            }
            return new RunningGuest(directory, guest);
        } catch (Exception | Error e) {
            if (vm != null) {
                vm.close();
            }
            delete(directory);
            throw e;
        }
    }

    private static void awaitReady(Guest guest, String ready) throws InterruptedException {
        try {
            guest.expect(ready);
        } catch (RuntimeException e) {
            e.addSuppressed(ConsoleReport.of(guest));
            throw e;
        }
    }

    private static VmBuilder builder(MicroVm wanted, Path directory) {
        VmBuilder machine = VmBuilder.create().vcpus(wanted.vcpus()).memoryMib(wanted.memoryMib());
        if (!wanted.kernel().isEmpty()) {
            machine.kernel(path("kernel", wanted.kernel()));
        }
        if (!wanted.initrd().isEmpty()) {
            machine.initrd(path("initrd", wanted.initrd()));
        }
        if (!wanted.rootfs().isEmpty()) {
            machine.drive(new DriveConfig("rootfs", true, null, path("rootfs", wanted.rootfs()).toString(), true, null));
        }
        if (!wanted.bootArgs().isEmpty()) {
            machine.bootArgs(resolve("bootArgs", wanted.bootArgs()));
        }
        if (wanted.vsockCid() != 0) {
            machine.vsock(wanted.vsockCid(), directory.resolve("v.sock"));
        }
        return machine;
    }

    private static Path path(String attribute, String text) {
        return Path.of(resolve(attribute, text));
    }

    private static String resolve(String attribute, String text) {
        return Placeholders.resolve(attribute, text, System::getProperty, System::getenv);
    }

    Guest guest() {
        return guest;
    }

    /** Ends the machine, and deletes its directory. */
    @Override
    public void close() {
        try {
            guest.vm().close();
        } finally {
            delete(directory);
        }
    }

    private static void delete(Path directory) {
        try (Stream<Path> tree = Files.walk(directory)) {
            List<Path> deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the directory of a test's machine cannot be deleted", e);
        }
    }
}
