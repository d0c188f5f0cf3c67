package io.vmm4j.core.host;

import io.vmm4j.core.config.PublishedPort;
import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A passt of our own, passt(1): the guest's packets leave by sockets of this user, in this network namespace. It listens in a
 * directory that only it and we can enter, and which is gone once we are connected; it ends by itself when the connection does,
 * so also with a process of ours that is killed. What it says is kept for a message.
 */
public final class Passt implements NetPort {

    /** The program, and Debian's package of it. */
    public static final String PROGRAM = "passt";

    /** Largest packet that passt has: what its frames of 64 KiB have room for. */
    private static final int MTU = 65520;
    private static final int START_SECONDS = 20;
    private static final int POLL_MILLIS = 2;
    private static final int END_SECONDS = 2;

    private final Process process;
    private final SaidLines said;
    private final StreamPort port;

    private Passt(Process process, SaidLines said, StreamPort port) {
        this.process = process;
        this.said = said;
        this.port = port;
    }

    /** Where it is, if it is on the PATH. */
    public static Optional<Path> find() {
        return find(System.getenv("PATH"));
    }

    /** Where it is on {@code searched}, directories with colons between them; {@code null} for none. */
    static Optional<Path> find(String searched) {
        for (String directory : searched == null ? new String[0] : searched.split(":")) {
            Path candidate = Path.of(directory.isEmpty() ? "." : directory, PROGRAM);
            if (Files.isRegularFile(candidate) && Files.isExecutable(candidate)) {
                return Optional.of(candidate.toAbsolutePath());
            }
        }
        return Optional.empty();
    }

    /**
     * Starts one and connects to it.
     *
     * @param published ports of the host that lead into the guest
     * @throws IOException when there is none, or it ends at once: one line that says why
     */
    public static Passt start(List<PublishedPort> published) throws IOException {
        Path program = find().orElseThrow(() -> new IOException(
                PROGRAM + " is not on the PATH: the package " + PROGRAM + " has it (apt install " + PROGRAM + ")"));
        try (PrivateDirectory directory = PrivateDirectory.make(PROGRAM)) {
            Path socket = directory.path().resolve("s");
            Process process = new ProcessBuilder(command(program, socket, published)).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile())).start();
            SaidLines said = SaidLines.of(process);
            try {
                StreamPort port = connect(process, socket, said);
                said.forget();
                return new Passt(process, said, port);
            } catch (IOException e) {
                process.destroyForcibly();
                throw e;
            }
        }
    }

    private static List<String> command(Path program, Path socket, List<PublishedPort> published) {
        List<String> words = new ArrayList<>(List.of(program.toString(), "--foreground", "--one-off", "--quiet", "--socket", socket.toString()));
        for (boolean isUdp : new boolean[] {false, true}) {
            String option = isUdp ? "--udp-ports" : "--tcp-ports";
            List<PublishedPort> ports = published.stream().filter(port -> port.isUdp() == isUdp).toList();
            for (PublishedPort port : ports) {
                String address = port.address().isEmpty() ? "" : port.address() + "/";
                words.addAll(List.of(option, address + port.hostPort() + ":" + port.guestPort()));
            }
            if (ports.isEmpty()) {
                words.addAll(List.of(option, "none"));
            }
        }
        return words;
    }

    /** Once it listens, unless it ends before that. */
    private static StreamPort connect(Process process, Path path, SaidLines said) throws IOException {
        long start = System.nanoTime();
        while (true) {
            UnixSocket socket = UnixSocket.open();
            try {
                if (socket.connect(path)) {
                    requireOurs(socket, process);
                    return StreamPort.on(socket);
                }
                socket.close(); // others wait there
            } catch (LinuxException e) {
                socket.close();
                if (e.errno() != Errno.ENOENT && e.errno() != Errno.ECONNREFUSED) {
                    throw e;
                }
            } catch (IOException e) {
                socket.close();
                throw e;
            }
            if (ended(process, POLL_MILLIS)) {
                throw new IOException(PROGRAM + " has ended with status " + process.exitValue() + said.afterTheEnd());
            }
            if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(START_SECONDS)) {
                throw new IOException(PROGRAM + " has not listened within " + START_SECONDS + " s" + said.soFar());
            }
        }
    }

    /** Who runs as nobody too could have listened there in its place. */
    private static void requireOurs(UnixSocket socket, Process process) throws IOException {
        int peer = socket.peerProcess();
        if (peer != process.pid()) {
            throw new IOException("process " + peer + " listens where " + PROGRAM + " should, process " + process.pid());
        }
    }

    private static boolean ended(Process process, long millis) throws IOException {
        try {
            return process.waitFor(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + PROGRAM + " starts", e);
        }
    }

    @Override
    public OptionalInt packetLimit() {
        return OptionalInt.of(MTU);
    }

    @Override
    public NetBackend attach(EpollEventLoop loop, Consumer<String> onLoss) throws IOException {
        return port.attach(loop, why -> onLoss.accept(PROGRAM + " (process " + process.pid() + ") is gone: " + why + said.soFar()));
    }

    /** The process, for tests. */
    ProcessHandle process() {
        return process.toHandle();
    }

    @Override
    public void close() {
        port.close();
        try {
            if (process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}
