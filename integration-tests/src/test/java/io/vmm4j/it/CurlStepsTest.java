package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Firecracker by hand: the steps with curl of docs/firecracker-api.md, as they stand there. */
@Timeout(900)
class CurlStepsTest {

    private static final long PATIENCE_SECONDS = 480;

    @TempDir
    Path directory;

    private String start;
    private String configure;
    private String look;
    private String save;
    private String load;
    private Process firecracker;

    @BeforeEach
    void readThePage() throws IOException {
        assumeTrue(Stream.of(System.getenv("PATH").split(":")).anyMatch(path -> Files.isExecutable(Path.of(path, "curl"))), "there is no curl here");
        List<String> steps = new ArrayList<>();
        try (InputStream page = CurlStepsTest.class.getResourceAsStream("/firecracker-api.md")) {
            String[] parts = new String(page.readAllBytes(), StandardCharsets.UTF_8).split("```sh\n");
            for (int i = 1; i < parts.length; i++) {
                steps.add(parts[i].substring(0, parts[i].indexOf("```")));
            }
        }
        assertEquals(5, steps.size(), "one to start the program, one to configure and start a machine, one to look at it, one to save it and one to load it");
        start = steps.get(0);
        configure = steps.get(1);
        look = steps.get(2);
        save = steps.get(3);
        load = steps.get(4);
    }

    @AfterEach
    void end() {
        if (firecracker != null) {
            firecracker.descendants().forEach(ProcessHandle::destroyForcibly);
            firecracker.destroyForcibly();
        }
    }

    /** Begins to run a step as a person would, with the distribution's programs in front of PATH. */
    private Process begin(String step, String output) throws IOException {
        Path program = Path.of(LinuxGuest.program().get(2));
        ProcessBuilder shell = new ProcessBuilder("sh", "-ec", step).directory(directory.toFile()).redirectErrorStream(true)
                .redirectOutput(directory.resolve(output).toFile());
        shell.environment().put("PATH", program.getParent() + ":" + System.getenv("PATH"));
        shell.environment().put("JAVA_HOME", System.getProperty("java.home"));
        return shell.start();
    }

    private String run(String step) throws Exception {
        Process process = begin(step, "answers");
        assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "curl has not ended");
        String answers = Files.readString(directory.resolve("answers"));
        assertEquals(0, process.exitValue(), answers);
        return answers;
    }

    /** Waits until the file has {@code text} in it; the program's end is the end of waiting too. */
    private void await(String file, String text) throws Exception {
        Path path = directory.resolve(file);
        while (!Files.exists(path) || !text.isEmpty() && !Files.readString(path, StandardCharsets.ISO_8859_1).contains(text)) {
            assertTrue(firecracker.isAlive(), this::terminal);
            firecracker.waitFor(20, TimeUnit.MILLISECONDS);
        }
    }

    private String terminal() {
        try {
            return Files.readString(directory.resolve("terminal"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void startMachine(String up) throws Exception {
        firecracker = begin(start, "terminal");
        await("firecracker.socket", "");
        assertEquals("", run(configure), "what is configured is answered without a word");
        await("terminal", up);
    }

    private void assertOrderlyEnd() throws Exception {
        assertTrue(firecracker.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), this::terminal);
        assertEquals(0, firecracker.exitValue(), this::terminal);
        String log = Files.readString(directory.resolve("firecracker.log"));
        assertTrue(log.contains("Firecracker exiting successfully. exit_code=0"), log);
    }

    @Test
    @Tag("kvm")
    void aGuestIsStartedPausedAndEnded() throws Exception {
        // Ends when a key comes from its keyboard controller.
        new TinyKernel().print("up").awaitBits(0x64, 1).reset().writeTo(directory.resolve("vmlinux"));
        Files.write(directory.resolve("rootfs.ext4"), new byte[1 << 20]);
        startMachine("up");
        String answers = run(configure.substring(0, configure.indexOf("fc PUT")) + look);
        assertTrue(answers.startsWith("{\"id\":\"web-1\",\"state\":\"Running\","), answers);
        assertTrue(answers.contains("\"path_on_host\":\"rootfs.ext4\""), answers);
        assertTrue(!answers.contains("fault_message"), answers);
        assertOrderlyEnd();
        assertEquals("", run("rm firecracker.socket"), "as the page says, it is still there");
    }

    @Test
    @Tag("kvm")
    void aMachineIsSavedAndGoesOnInAnotherProcess() throws Exception {
        new TinyKernel().print("up").awaitBits(0x64, 1).print("on").reset().writeTo(directory.resolve("vmlinux"));
        Files.write(directory.resolve("rootfs.ext4"), new byte[1 << 20]);
        startMachine("up");
        String fc = configure.substring(0, configure.indexOf("fc PUT"));
        assertEquals("", run(fc + save));
        end();
        assertTrue(firecracker.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "the first process is gone");
        Files.delete(directory.resolve("firecracker.socket"));
        firecracker = begin(start, "terminal");
        await("firecracker.socket", "");
        assertEquals("", run(fc + load + "fc PUT actions '{\"action_type\": \"SendCtrlAltDel\"}'\n"));
        assertTrue(firecracker.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), this::terminal);
        assertEquals(0, firecracker.exitValue(), this::terminal);
        assertTrue(terminal().contains("on"), this::terminal);
    }

    @Test
    @Tag("linux")
    void aDebianKernelComesUpWithItsRootFileSystem() throws Exception {
        Files.createSymbolicLink(directory.resolve("vmlinux"), LinuxGuest.vmlinux().toAbsolutePath());
        Files.createSymbolicLink(directory.resolve("initrd"), LinuxGuest.initrd().toAbsolutePath());
        Files.copy(LinuxGuest.image("guest/rootfs.ext4"), directory.resolve("rootfs.ext4"));
        configure = configure.replace("\"kernel_image_path\": \"vmlinux\"", "\"kernel_image_path\": \"vmlinux\", \"initrd_path\": \"initrd\"");
        startMachine("root file system up");
        OutputStream keyboard = firecracker.getOutputStream();
        keyboard.write("echo $((6 * 7))-mounted-$(grep -c '^/dev/vda / ext4 rw' /proc/mounts)\n".getBytes(StandardCharsets.US_ASCII));
        keyboard.flush();
        await("terminal", "42-mounted-1");
        // The last of it is Ctrl-Alt-Del, by which this guest's init reboots.
        String answers = run(configure.substring(0, configure.indexOf("fc PUT")) + look);
        assertTrue(answers.startsWith("{\"id\":\"web-1\",\"state\":\"Running\","), answers);
        assertOrderlyEnd();
    }
}
