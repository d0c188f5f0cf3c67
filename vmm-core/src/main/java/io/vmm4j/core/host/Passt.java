package io.vmm4j.core.host;

import io.vmm4j.core.config.PublishedPort;
import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A passt of our own, passt(1): the guest's packets leave by sockets of this user, in this network namespace. It listens in a
 * directory that only it and we can enter, and which is gone once we are connected; it ends by itself when the connection does,
 * so also with a process of ours that is killed; until it is connected a shell waits beside it, which ends it when we do. What it
 * says is kept for a message.
 */
public final class Passt implements NetPort {

    private static final Logger LOG = LoggerFactory.getLogger(Passt.class);

    /** The program, and Debian's package of it. */
    public static final String PROGRAM = "passt";

    /** Largest packet that passt has: what its frames of 64 KiB have room for. */
    private static final int MTU = 65520;
    private static final int START_SECONDS = 20;
    private static final int POLL_MILLIS = 2;
    private static final int END_SECONDS = 2;

    /** Status with which it refuses what it is asked for. */
    private static final int REFUSED = 1;
    private static final Pattern OF_HOST = Pattern.compile("Too many open files|Cannot allocate memory|Resource temporarily unavailable|No space left"
            + "|[Ff]ailed to sandbox");
    /**
     * Becomes the program, with a process beside it that ends it when the input ends without a line: that is when we are gone. It is nobody's
     * child, so that nobody has to wait for it.
     */
    private static final String WATCHED = "exec 3<&0; ( ( read -r line <&3 || kill -9 $$ ) >/dev/null 2>&1 & ); exec \"$@\" </dev/null 3<&-";

    private final Process process;
    private final SaidLines said;
    private final StreamPort port;
    private final StreamBackend.Guard guard;

    private Passt(Process process, SaidLines said, StreamPort port, StreamBackend.Guard guard) {
        this.process = process;
        this.said = said;
        this.port = port;
        this.guard = guard;
    }

    /** Where it is, if it is on the PATH. */
    public static Optional<Path> find() {
        return find(System.getenv("PATH"));
    }

    /** Where it is on {@code searched}, directories with colons between them; {@code null} for none. */
    public static Optional<Path> find(String searched) {
        for (String directory : searched == null ? new String[0] : searched.split(":")) {
            Path candidate = Path.of(directory.isEmpty() ? "." : directory, PROGRAM);
            if (Files.isRegularFile(candidate) && Files.isExecutable(candidate)) {
                return Optional.of(candidate.toAbsolutePath());
            }
        }
        return Optional.empty();
    }

    /**
     * Where it is.
     *
     * @throws IOException when it is not on the PATH: one line with the package that has it
     */
    public static Path require() throws IOException {
        return find().orElseThrow(() -> new IOException(
                PROGRAM + " is not on the PATH: the package " + PROGRAM + " has it (apt install " + PROGRAM + ")"));
    }

    /**
     * Starts one and connects to it.
     *
     * @param published       ports of the host that lead into the guest
     * @param hasHostLoopback whether the gateway's address leads the guest to the host's loopback
     * @throws PortFaultException when the host cannot start it, or ends it
     * @throws IOException        when there is none, or it refuses what it is asked for: one line that says why
     */
    public static Passt start(List<PublishedPort> published, boolean hasHostLoopback) throws IOException {
        Path program = require();
        try (PrivateDirectory directory = directory()) {
            Path socket = directory.path().resolve("s");
            Process process = begin(command(program, socket, published, hasHostLoopback));
            SaidLines said = SaidLines.of(process);
            try {
                StreamPort port = connect(process, socket, said);
                said.forget();
                return new Passt(process, said, port, hasHostLoopback ? head -> true : new LoopbackGuard());
            } catch (IOException | RuntimeException | Error e) {
                process.destroyForcibly();
                throw e;
            } finally {
                dismissWatch(process);
            }
        }
    }

    private static PrivateDirectory directory() throws PortFaultException {
        try {
            return PrivateDirectory.make(PROGRAM);
        } catch (IOException e) {
            throw fault("the directory for its socket cannot be made: " + e, e);
        }
    }

    private static Process begin(List<String> command) throws PortFaultException {
        List<String> words = new ArrayList<>(List.of("/bin/sh", "-c", WATCHED, PROGRAM));
        words.addAll(command);
        try {
            return new ProcessBuilder(words).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        } catch (IOException e) {
            throw fault(Shortage.named(e).getMessage(), e);
        } catch (OutOfMemoryError e) {
            if (!Threads.isLackOfThreads(e)) {
                throw e;
            }
            throw fault(Shortage.behind(e), e);
        }
    }

    private static PortFaultException fault(String why, Throwable cause) {
        return new PortFaultException(PROGRAM + " cannot be started: " + why, cause);
    }

    /** It is connected to us, or gone. */
    private static void dismissWatch(Process process) {
        try (OutputStream input = process.getOutputStream()) {
            input.write('\n');
        } catch (IOException e) {
            LOG.debug("{} has no watch: {}", PROGRAM, e.getMessage());
        }
    }

    private static List<String> command(Path program, Path socket, List<PublishedPort> published, boolean hasHostLoopback) {
        List<String> words = new ArrayList<>(List.of(program.toString(), "--foreground", "--one-off", "--quiet", "--socket", socket.toString()));
        if (!hasHostLoopback) {
            words.add("--no-map-gw");
            NameServers.toTell().forEach(server -> words.addAll(List.of("--dns", server)));
        }
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
            } catch (IOException | RuntimeException | Error e) {
                socket.close();
                throw e;
            }
            if (ended(process, POLL_MILLIS)) {
                throw refusal(process.exitValue(), said.afterTheEnd());
            }
            if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(START_SECONDS)) {
                throw new PortFaultException(PROGRAM + " has not listened within " + START_SECONDS + " s" + said.soFar(), null);
            }
        }
    }

    /** What its end before anybody was connected means. */
    static IOException refusal(int status, String words) {
        String text = PROGRAM + " has ended with status " + status + words;
        return status == REFUSED && !OF_HOST.matcher(words).find() ? new IOException(text) : new PortFaultException(text, null);
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
            throw new PortFaultException("interrupted while " + PROGRAM + " starts", e);
        }
    }

    @Override
    public OptionalInt packetLimit() {
        return OptionalInt.of(MTU);
    }

    @Override
    public NetBackend attach(EpollEventLoop loop, Consumer<String> onLoss) throws IOException {
        return port.attach(loop, guard, why -> onLoss.accept(PROGRAM + " (process " + process.pid() + ") is gone: " + why + said.soFar()));
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
