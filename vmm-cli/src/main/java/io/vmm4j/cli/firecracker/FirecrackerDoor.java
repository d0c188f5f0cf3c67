package io.vmm4j.cli.firecracker;

import io.vmm4j.api.FirecrackerOptions;
import io.vmm4j.api.FirecrackerServer;
import io.vmm4j.api.control.OsError;
import io.vmm4j.api.request.MetricsBody;
import io.vmm4j.cli.log.LocalClock;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.core.json.RustText;
import io.vmm4j.core.snapshot.file.SnapshotReader;
import io.vmm4j.devices.text.Printable;
import io.vmm4j.kvm.libc.CpuTime;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program under Firecracker's name: one machine, by its flags, API, files, log and exit codes. One run a process. */
public final class FirecrackerDoor {

    private static final String[] HELP_HINT = {"", "For more information try --help."};
    private static final String[] NO_MORE_LINES = {};
    private static final String BIND = "RunWithApiError error: Failed to bind and run the HTTP server: IO error: ";
    private static final String TAKEN = "RunWithApiError error: Failed to open the API socket at: ";

    private final DoorLog doorLog;
    private final Logger log;
    private final DoorMetrics metrics;
    private final PrintStream out;
    private final PrintStream err;
    private final AtomicBoolean isEnding = new AtomicBoolean();
    private final Runnable awaitSignals;
    private final Runnable releaseSignals;
    private final DoorSignals signals;
    private FirecrackerServer server;

    private FirecrackerDoor(Runnable awaitSignals, Runnable releaseSignals, DoorLog doorLog, PrintStream out, PrintStream err) {
        this.awaitSignals = awaitSignals;
        this.releaseSignals = releaseSignals;
        this.doorLog = doorLog;
        this.log = LoggerFactory.getLogger(FirecrackerDoor.class);
        this.metrics = new DoorMetrics(System::currentTimeMillis, doorLog::missing, doorLog::suppressed);
        this.signals = new DoorSignals(field -> metrics.store(MetricGroups.SIGNALS, field, 1), field -> metrics.count(MetricGroups.SIGNALS, field));
        this.out = out;
        this.err = err;
    }

    /**
     * Does what {@code words} say, up to the machine's end, and ends the process.
     *
     * @param awaitSignals   waits until signals can be taken
     * @param releaseSignals lets go of those that have been taken elsewhere
     */
    public static void run(Runnable awaitSignals, Runnable releaseSignals, String... words) {
        warmUp(words);
        FirecrackerDoor door = new FirecrackerDoor(awaitSignals, releaseSignals, DoorLogProvider.choose(), System.out, System.err);
        int status = door.statusOf(words);
        if (door.hasEnded(status)) {
            Runtime.getRuntime().halt(status);
        }
        // A signal has the last word on the status: wait for the end that it has begun.
        System.exit(door.signals.endInOrder(status));
    }

    /** As {@link #run}, but for the process, which goes on: for what class archives are made from. */
    public static void rehearse(Runnable awaitSignals, Runnable releaseSignals, String... words) {
        warmUp(words);
        FirecrackerDoor door = new FirecrackerDoor(awaitSignals, releaseSignals, DoorLogProvider.choose(), System.out, System.err);
        door.hasEnded(door.statusOf(words));
    }

    /** Begins with what takes long and is needed in any case, on a thread beside, or here where there is none to be had. */
    private static void warmUp(String... words) {
        WarmUp work = new WarmUp(!List.of(words).contains("--no-api"));
        Thread thread = new Thread(work, "fc_warm-up");
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            work.run();
        }
    }

    /** The time zone for the log, and Java's Unix sockets where there is an API. No lambda: the first one costs a start. */
    private static final class WarmUp implements Runnable {

        private final boolean hasApi;

        WarmUp(boolean hasApi) {
            this.hasApi = hasApi;
        }

        @Override
        @SuppressWarnings("ReturnValueIgnored") // what it loads is all that is wanted of it
        public void run() {
            LocalClock.now();
            if (!hasApi) {
                return;
            }
            try {
                ServerSocketChannel.open(StandardProtocolFamily.UNIX).close();
            } catch (IOException e) {
                // Said when one is needed.
                return;
            }
        }
    }

    /** Ends what is open, and says so, unless a signal has begun to. */
    private boolean hasEnded(int status) {
        out.flush();
        if (!isEnding.compareAndSet(false, true)) {
            return false;
        }
        end(status);
        return true;
    }

    private int statusOf(String... words) {
        try {
            return open(words);
        } catch (FlagException e) {
            boolean isArguments = e.status() == FirecrackerExit.ARGUMENTS;
            String message = isArguments ? "Arguments parsing error: " + e.getMessage() + " " : e.getMessage();
            return fail(e.status(), e.debug() == null ? message.strip() : e.debug(), message, isArguments ? HELP_HINT : NO_MORE_LINES);
        } catch (DoorException e) {
            return fail(FirecrackerExit.ERROR, e.debug(), e.getMessage());
        } catch (IOException e) {
            return fail(FirecrackerExit.ERROR, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return fail(FirecrackerExit.ERROR, "interrupted");
        } catch (RuntimeException | Error e) {
            String lack = Shortage.behind(e);
            if (lack != null) {
                return fail(FirecrackerExit.ERROR, "the host refused: " + lack);
            }
            log.error("internal error", e);
            return fail(FirecrackerExit.ERROR, "internal error: " + e);
        }
    }

    private int fail(int status, String message) {
        return fail(status, message, message);
    }

    /**
     * @param debug what standard error has
     * @param more  further lines in the log
     */
    private int fail(int status, String debug, String message, String... more) {
        if (!isEnding.get()) {
            doorLog.error(log.getName(), message, more);
            err.println(Printable.line("Error: " + debug));
        }
        return status;
    }

    private int open(String... words) throws FlagException, IOException, InterruptedException {
        if (Flags.isHelp(words) || Flags.isVersion(words)) {
            out.println("Firecracker v" + FirecrackerOptions.FIRECRACKER_VERSION + "\n");
            if (Flags.isHelp(words)) {
                Flags.printHelp(out);
            }
            out.flush();
            return FirecrackerExit.OK;
        }
        Flags flags = Flags.parse(words);
        if (flags.has(Flag.SNAPSHOT_VERSION)) {
            out.println(SnapshotText.version(SnapshotReader.FORMAT));
            out.flush();
            return FirecrackerExit.OK;
        }
        if (flags.has(Flag.DESCRIBE_SNAPSHOT)) {
            SnapshotText.describe(flags.value(Flag.DESCRIBE_SNAPSHOT)).forEach(out::println);
            out.flush();
            return FirecrackerExit.OK;
        }
        doorLog.setId(flags.id());
        try {
            doorLog.configure(flags.logger());
        } catch (IOException e) {
            String why = OsError.text(e);
            throw new DoorException("Could not initialize logger: Failed to open target file: " + why,
                    "LoggerInitialization(LoggerUpdateError(" + OsError.debug(why) + "))", e);
        }
        ProcessName.set("firecracker");
        log.info("Running Firecracker v{}", FirecrackerOptions.FIRECRACKER_VERSION);
        if (flags.has(Flag.METRICS_PATH)) {
            openMetrics(flags.value(Flag.METRICS_PATH));
        }
        return serve(flags);
    }

    private void openMetrics(String path) throws IOException {
        try {
            metrics.open(new MetricsBody(path));
        } catch (IOException e) {
            String why = OsError.text(e);
            throw new DoorException("Could not initialize metrics: Cannot initialize the metrics system due to bad user input: " + why,
                    "MetricsInitialization(InitializationFailure(" + RustText.quoted(why) + "))", e);
        }
    }

    private void noteStart(Flags flags) throws FlagException {
        if (flags.has(Flag.START_TIME_US)) {
            long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime()) - flags.number(Flag.START_TIME_US, 0);
            metrics.store("api_server", "process_startup_time_us", Math.max(0, micros));
        }
        if (flags.has(Flag.START_TIME_CPU_US)) {
            long micros = CpuTime.processMicros() - flags.number(Flag.START_TIME_CPU_US, 0) + flags.number(Flag.PARENT_CPU_TIME_US, 0);
            metrics.store("api_server", "process_startup_time_cpu_us", Math.max(0, micros));
        }
    }

    private FirecrackerOptions options(Flags flags) throws FlagException, IOException {
        String socket = flags.has(Flag.API_SOCK) ? flags.value(Flag.API_SOCK) : FirecrackerOptions.DEFAULT_SOCKET.toString();
        FirecrackerOptions options;
        try {
            options = FirecrackerOptions.at(Path.of(socket));
        } catch (InvalidPathException e) {
            throw new FlagException("'api-sock' is no path: " + e.getMessage());
        }
        options = options.withId(flags.id()).withPayloadLimit(flags.payloadLimit()).withLog(doorLog).withMetrics(metrics);
        if (flags.has(Flag.CONFIG_FILE)) {
            options = options.withConfigFile(read(flags.value(Flag.CONFIG_FILE)));
        }
        options = flags.has(Flag.BOOT_TIMER) ? options.withBootTimer() : options;
        return flags.has(Flag.NO_API) ? options.withoutApi() : options;
    }

    private static byte[] read(String file) throws IOException {
        try {
            return Files.readAllBytes(Path.of(file));
        } catch (InvalidPathException e) {
            throw new IOException("Unable to open or read from the configuration file: " + OsError.debug(e.getReason()), e);
        } catch (IOException e) {
            throw new IOException("Unable to open or read from the configuration file: " + OsError.debug(readFailure(file, e)), e);
        }
    }

    /** Java opens a directory, and fails to read it without saying what Linux has said. */
    private static String readFailure(String file, IOException e) {
        return Files.isDirectory(Path.of(file)) ? OsError.text(new LinuxException("read", Errno.EISDIR)) : OsError.text(e);
    }

    private int serve(Flags flags) throws FlagException, IOException, InterruptedException {
        FirecrackerOptions options = options(flags);
        boolean hasApi = options.apiSocket() != null;
        boolean isBootedAtOnce = options.configFile() != null;
        if (hasApi && isBootedAtOnce) {
            // The machine's start writes the first line of the metrics.
            noteStart(flags);
        }
        // The API's socket is not to be left behind.
        awaitSignals.run();
        signals.arm(this::endBySignal);
        FirecrackerServer opened;
        try {
            opened = opened(options);
        } catch (IOException e) {
            String message = (hasApi ? "RunWithApiError error: " : "RunWithoutApiError error: ") + e.getMessage();
            throw new DoorException(message, debug(message, options), e);
        }
        if (hasApi && !isBootedAtOnce) {
            noteStart(flags);
        }
        VmExit exit = opened.await();
        int status = statusOf(exit);
        if (!isEnding.get() && !exit.isOrderly()) {
            log.error("{}", exit.message());
            err.println(Printable.line("firecracker: " + exit.message()));
        }
        return status;
    }

    /** What keeps the socket from being made in Rust's form; what is wrong with a configuration file in the log's words. */
    private static String debug(String message, FirecrackerOptions options) {
        if (message.startsWith(BIND)) {
            return "RunWithApi(FailedToBindAndRunHttpServer(IOError(" + OsError.debug(message.substring(BIND.length())) + ")))";
        }
        return message.startsWith(TAKEN) ? "RunWithApi(FailedToBindSocket(" + RustText.quoted(options.apiSocket().toString()) + "))" : message;
    }

    /** Whoever ends the process meanwhile waits, and finds either all of it or nothing. */
    private synchronized FirecrackerServer opened(FirecrackerOptions options) throws IOException {
        if (isEnding.get()) {
            throw new IOException("a signal ends the process");
        }
        server = FirecrackerServer.openLeavingSocket(options);
        return server;
    }

    /** Whatever the guest did is no error; what the host or the monitor did is one. */
    private static int statusOf(VmExit exit) {
        return switch (exit.reason()) {
            case POWEROFF, RESET, STOPPED, TRIPLE_FAULT, GUEST_PANIC -> FirecrackerExit.OK;
            case KVM_ERROR, HOST_ERROR, DEVICE_FAULT, BUG -> FirecrackerExit.ERROR;
        };
    }

    private void end(int status) {
        metrics.flushLogged();
        close();
        if (status == FirecrackerExit.OK) {
            log.info("Firecracker exiting successfully. exit_code=0");
        } else {
            log.error("Firecracker exiting with error. exit_code={}", status);
        }
    }

    /** In a shutdown hook; the main thread, whose machine ends by this, waits in its own exit. */
    private void endBySignal() {
        if (isEnding.compareAndSet(false, true)) {
            metrics.flushLogged();
            close();
        }
    }

    private synchronized void close() {
        try {
            if (server != null) {
                server.closeLeavingSocket();
            }
        } catch (IOException e) {
            log.debug("the server was not closed in order: {}", e.getMessage());
        }
        signals.close();
        releaseSignals.run();
    }
}
