package io.vmm4j.core.named;

import io.vmm4j.core.control.ControlClient;
import io.vmm4j.core.control.MachineInfo;
import io.vmm4j.core.control.NoMachineException;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A machine that was found by its name.
 *
 * @param name  what it is called
 * @param state as {@link MachineInfo#state}, or {@value #GONE}: its process has ended without clearing up, or {@value #SILENT}: its
 *              process is there and does not answer
 * @param info  what it says of itself; {@code null} for one that says nothing
 * @param pid   its process; 0 where that cannot be seen, or has ended
 */
public record ListedMachine(String name, String state, MachineInfo info, long pid) {

    /** Its process has ended without clearing up. */
    public static final String GONE = "gone";
    /** Its process is there and does not answer. */
    public static final String SILENT = "silent";

    private static final int AT_ONCE = 16;

    /**
     * All machines in {@code directory}, by name. What a killed process has left there is cleared away, so its machine is listed as
     * {@value #GONE} this once.
     *
     * @param patience how long a machine may take to answer
     * @throws IOException when the directory cannot be read, or is not this user's alone
     */
    public static List<ListedMachine> in(RuntimeDirectory directory, Duration patience) throws IOException, InterruptedException {
        List<String> names = directory.names();
        if (names.isEmpty()) {
            return List.of();
        }
        ExecutorService askers = Executors.newFixedThreadPool(Math.min(AT_ONCE, names.size()), task -> {
            Thread thread = new Thread(task, "vmm-ask");
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Callable<ListedMachine>> questions = new ArrayList<>();
            names.forEach(name -> questions.add(() -> ask(directory, name, patience)));
            List<ListedMachine> found = new ArrayList<>();
            for (Future<ListedMachine> answer : askers.invokeAll(questions)) {
                found.add(answer.get());
            }
            return found.stream().filter(machine -> machine != null).toList();
        } catch (ExecutionException e) {
            throw new IOException(e.getCause().getMessage(), e.getCause());
        } finally {
            askers.shutdownNow();
        }
    }

    /** Null for one that has ended, in order, since its name was read. */
    private static ListedMachine ask(RuntimeDirectory directory, String name, Duration patience) throws IOException {
        try {
            MachineInfo info = new ControlClient(directory.control(name), patience, patience).info();
            return new ListedMachine(name, info.state(), info, info.pid());
        } catch (NoMachineException e) {
            return directory.clean(name) ? new ListedMachine(name, GONE, null, 0) : null;
        } catch (IOException e) {
            return new ListedMachine(name, SILENT, null, processOf(directory, name));
        }
    }

    /** The process that has the name {@code name}, whether it answers or not; 0 where that cannot be seen. */
    public static long processOf(RuntimeDirectory directory, String name) {
        try (UnixSocket socket = UnixSocket.open()) {
            return socket.connect(directory.control(name)) ? socket.peerProcess() : 0;
        } catch (LinuxException e) {
            return 0;
        }
    }
}
