package io.vmm4j.cli;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Has a process like this one boot the machine, and waits until its guest runs. What goes wrong that process says itself, on the same
 * standard error; its status becomes this one's.
 */
final class DetachCommand {

    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");
    private static final Path PROGRAM = Path.of("/proc/self/exe");
    private static final File NOWHERE = new File("/dev/null");

    private final PrintStream out;
    private final Consumer<String> errors;
    private final Runnable takeSignals;

    /**
     * @param out    gets the machine's name
     * @param errors takes a line for what is wrong
     * @param takeSignals begins to take the signals that end this process by way of its shutdown hooks
     */
    DetachCommand(PrintStream out, Consumer<String> errors, Runnable takeSignals) {
        this.out = out;
        this.errors = errors;
        this.takeSignals = takeSignals;
    }

    ExitCode run() {
        try {
            return launch(new ProcessBuilder(command()).redirectInput(NOWHERE).redirectError(ProcessBuilder.Redirect.INHERIT).start());
        } catch (IOException e) {
            errors.accept("a process for the background cannot be started: " + e.getMessage());
            return ExitCode.HOST_ERROR;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            errors.accept("interrupted");
            return ExitCode.HOST_ERROR;
        }
    }

    /** This process's own, with the word that makes the difference. */
    private static List<String> command() throws IOException {
        Charset charset = Charset.forName(System.getProperty("sun.jnu.encoding"));
        String[] words = new String(Files.readAllBytes(COMMAND_LINE), charset).split("\0", -1);
        List<String> command = new ArrayList<>(List.of(PROGRAM.toRealPath().toString(), "-D" + Detachment.PROPERTY + "=true"));
        // Behind the last word is a NUL, too.
        command.addAll(List.of(words).subList(1, words.length - 1));
        return command;
    }

    private ExitCode launch(Process process) throws IOException, InterruptedException {
        AtomicBoolean isDone = new AtomicBoolean();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (!isDone.get()) {
                process.destroy();
            }
        }, "vmm-signal"));
        // Beside the other's start. Who is killed before ends it too: it finds nobody to tell the name.
        takeSignals.run();
        // At its end when the process is in the background, or has ended.
        String name = new String(process.getInputStream().readAllBytes(), Charset.defaultCharset()).strip();
        isDone.set(true);
        if (!name.isEmpty()) {
            out.println(name);
            if (out.checkError()) {
                errors.accept("machine " + name + " runs; standard output cannot be written to");
            }
            return ExitCode.OK;
        }
        int status = process.waitFor();
        return Stream.of(ExitCode.values()).filter(code -> code.code() == status && code != ExitCode.OK).findFirst().orElseGet(() -> {
            errors.accept("the process for the background ended with status " + status + " before its guest ran");
            return ExitCode.HOST_ERROR;
        });
    }
}
