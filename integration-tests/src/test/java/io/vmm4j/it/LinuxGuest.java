package io.vmm4j.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.host.StreamConsole;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;

/**
 * Boots Debian's kernel with the testbed's images, runs a shell script in the guest and returns what it printed.
 *
 * <p>The images are found by the system property {@code vmm4j.images}: a directory with {@code kernel/} and
 * {@code guest/} as {@code integration-tests/testbed/prepare} makes it.
 */
final class LinuxGuest {

    /** Nested in software a boot takes ten seconds or more; a machine that is busy besides, several times that. */
    private static final Duration PATIENCE = Duration.ofMinutes(8);

    private static final String ARGUMENTS = "console=ttyS0 quiet reboot=k panic=1 pci=off ";

    private LinuxGuest() {
    }

    /** What came of a guest. */
    record Outcome(VmExit exit, String output) {

        /** The output between the two marks that {@link #script} puts around it. */
        String answer() {
            int from = output.indexOf(BEGIN);
            int to = output.indexOf(END);
            if (from < 0 || to < from) {
                throw new AssertionError("the guest gave no answer; it printed: " + output);
            }
            return output.substring(from + BEGIN.length(), to).replace("\r", "").strip();
        }
    }

    private static final String BEGIN = "<<answer";
    private static final String END = "answer>>";

    static Path image(String name) {
        String images = System.getProperty("vmm4j.images");
        assumeTrue(images != null, "vmm4j.images is not set: these tests are started by integration-tests/run-guests");
        Path image = Path.of(images, name);
        if (!Files.isReadable(image)) {
            throw new IllegalStateException(image + " is missing: run integration-tests/testbed/prepare");
        }
        return image;
    }

    /** The built program with {@code arguments}, run by this JVM's Java. */
    static List<String> program(String... arguments) {
        String home = System.getProperty("vmm4j.distribution");
        assumeTrue(home != null, "vmm4j.distribution is not set: these tests are started by integration-tests/run-guests");
        List<String> words = new ArrayList<>(List.of("env", "JAVA_HOME=" + System.getProperty("java.home"),
                Path.of(home).toAbsolutePath().resolve("bin/vmm").toString()));
        words.addAll(List.of(arguments));
        return words;
    }

    static Path bzImage() {
        return image("kernel/bzImage");
    }

    static Path vmlinux() {
        return image("kernel/vmlinux");
    }

    static Path initrd() {
        return image("guest/initrd.cpio.gz");
    }

    /** A machine with the testbed's initramfs, whose modules find the virtio devices. */
    static VmBuilder machine(Path kernel) {
        return VmBuilder.create().kernel(kernel).initrd(initrd()).memoryMib(256);
    }

    /** The testbed's root file system, read-only: it has more programs than the initramfs. */
    static DriveConfig root() {
        return new DriveConfig("rootfs", true, null, image("guest/rootfs.ext4").toString(), true, null);
    }

    /** Kernel arguments that run {@code script} in the guest, and then do {@code then}: poweroff, reboot, panic. */
    static String arguments(String script, String then) {
        String marked = "echo '" + BEGIN + "'\n" + script + "\necho '" + END + "'\n";
        String encoded = Base64.getEncoder().encodeToString(marked.getBytes(StandardCharsets.UTF_8));
        return ARGUMENTS + "vmm4j.cmd=" + encoded + " vmm4j.then=" + then;
    }

    /** Boots, runs {@code script}, powers off. */
    static Outcome run(VmBuilder machine, String script) throws ConfigException, IOException, InterruptedException {
        return boot(machine.bootArgs(arguments(script, "poweroff")), vm -> { });
    }

    /** What a test does while the guest runs. */
    @FunctionalInterface
    interface Session {
        void with(Vm vm, CapturedConsole console) throws Exception;
    }

    /** Waits until the guest prints {@code text}. */
    static void await(CapturedConsole console, String text) throws InterruptedException {
        if (!console.awaitText(text, PATIENCE)) {
            throw new AssertionError("\"" + text + "\" did not come in " + PATIENCE + "; the guest printed: " + console.text());
        }
    }

    /** Boots and waits for the end. */
    static Outcome boot(VmBuilder machine, Consumer<CapturedConsole> session)
            throws ConfigException, IOException, InterruptedException {
        return converse(machine, (vm, console) -> session.accept(console));
    }

    /** Boots, runs {@code script} while {@code session} goes on, powers off. */
    static Outcome run(VmBuilder machine, String script, Session session)
            throws ConfigException, IOException, InterruptedException {
        return converse(machine.bootArgs(arguments(script, "poweroff")), session);
    }

    private static Outcome converse(VmBuilder machine, Session session)
            throws ConfigException, IOException, InterruptedException {
        CapturedConsole console = StreamConsole.capture();
        try (Vm vm = machine.serial(console).build()) {
            vm.start();
            try {
                session.with(vm, console);
            } catch (IOException | InterruptedException | RuntimeException | Error e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            VmExit exit = vm.await(PATIENCE)
                    .orElseThrow(() -> new AssertionError("the guest did not end in " + PATIENCE + "; it printed: " + console.text()));
            return new Outcome(exit, console.text());
        }
    }
}
