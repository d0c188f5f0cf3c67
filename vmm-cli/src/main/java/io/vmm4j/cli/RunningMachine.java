package io.vmm4j.cli;

import io.vmm4j.core.control.ControlClient;
import io.vmm4j.core.control.SilentMachine;
import io.vmm4j.core.named.RuntimeDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Consumer;

/**
 * A machine that a command is for.
 *
 * @param label     what the user calls it: its name, or its socket
 * @param socket    by which it is controlled
 * @param directory where its name is, or {@code null} for one that is meant by its socket
 */
record RunningMachine(String label, Path socket, RuntimeDirectory directory) {

    /**
     * Those that {@code arguments} mean; none, and a line for each mistake, when something is wrong with them.
     *
     * @throws IOException one line: the directory of the user's named machines cannot be used
     */
    static List<RunningMachine> meantBy(Arguments arguments, Consumer<String> errors) throws IOException {
        String path = arguments.value(CliOption.API_SOCK_PATH);
        try {
            return path == null ? named(arguments.machines()) : List.of(new RunningMachine(path, Path.of(path), null));
        } catch (InvalidPathException e) {
            errors.accept("\"" + e.getInput() + "\" cannot be a path here: " + e.getReason() + " (" + arguments.nameOf(CliOption.API_SOCK_PATH) + ")");
        } catch (IllegalArgumentException e) {
            errors.accept(e.getMessage());
        }
        return List.of();
    }

    private static List<RunningMachine> named(List<String> names) throws IOException {
        RuntimeDirectory directory = RuntimeDirectory.ofThisUser();
        directory.isThere();
        List<RunningMachine> meant = new ArrayList<>();
        for (String name : new LinkedHashSet<>(names)) {
            meant.add(new RunningMachine(name, directory.control(name), directory));
        }
        return meant;
    }

    /** By which it is asked. */
    ControlClient client(Duration patience) {
        return new ControlClient(socket, patience);
    }

    /** Kills the process of a machine that does not answer, clears away what it leaves, and returns the process's number. */
    int killProcess() throws IOException {
        int pid = SilentMachine.kill(socket);
        if (directory != null) {
            directory.clean(label);
        }
        return pid;
    }

    /** One line for a machine that is not there; what it has left is cleared away. */
    String whyNotThere() {
        if (directory == null) {
            return "no machine answers at the socket " + socket + ": " + whatIsThere();
        }
        try {
            if (directory.clean(label)) {
                return "machine " + label + " is gone: its process has ended without a word";
            }
        } catch (IOException e) {
            return "machine " + label + " is gone, and its sockets could not be removed: " + e.getMessage();
        }
        return "there is no machine " + label + " in " + directory.path();
    }

    private String whatIsThere() {
        try {
            return Files.readAttributes(socket, BasicFileAttributes.class).isOther() ? "nobody listens" : "it is not a socket";
        } catch (IOException e) {
            return "it does not exist";
        }
    }
}
