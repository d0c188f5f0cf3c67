package io.vmm4j.core.host;

import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.console.SerialPort;
import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.time.NanoClock;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Termios;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The guest's serial port, or virtio console, on this process's standard input and output.
 *
 * <p>When standard input is a terminal it is raw while the console is attached: every key goes to the guest, Ctrl-C too,
 * but for Ctrl-A x (ends the machine), Ctrl-A h (help) and Ctrl-A Ctrl-A (one Ctrl-A); see {@link EscapeFilter}. All
 * settings are put back by {@link #close()}, or when the JVM is shut down by a signal or by {@code System.exit}; what was
 * typed and not read by then is dropped, so that no shell runs it. While the process is suspended (SIGTSTP) the settings are
 * those from before. In a background job the terminal is left alone until the job comes to the foreground; after a suspension
 * without a word (SIGSTOP) raw mode is taken up again within {@value #LOOK_MILLIS} ms. A terminal is one console's: {@link #attach} of a
 * second one in the same process is refused. Where standard output is a terminal too, a line says how to leave, and
 * a line that the guest has begun is ended by {@link #close()}.
 *
 * <p>A virtio console is told the terminal's size, at first and whenever that changes.
 *
 * <p>When standard input is not a terminal, its bytes pass unchanged, and its end leaves the output running. The
 * non-blocking flag of either descriptor is neither set nor minded: they are shared with the shell.
 *
 * <p>Up to {@value InputQueue#CAPACITY} bytes of input wait for a guest that does not read; beyond that nothing more is
 * read. From a terminal it is {@value InputQueue#TYPED_CAPACITY} bytes; beyond that they are read and dropped, so that the
 * escape is always seen.
 */
public final class StdioConsole implements SerialConsole {
    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int LOOK_MILLIS = 1_000;
    private static final long CLOSE_LIMIT_MILLIS = 1_000;
    /** For a guest to take what was typed in front of the key that leaves. */
    private static final long LEAVE_LIMIT_MILLIS = 500;
    private static final int F_GETFD = 1;
    private static final int FD_CLOEXEC = 1;
    private static final int BATCH = 4096;
    private static final byte[] END_OF_LINE = line("");
    private static final byte[] HELP =
            line("\r\nvmm: Ctrl-A x ends the machine, Ctrl-A Ctrl-A sends Ctrl-A, Ctrl-A h shows this line");
    private static final byte[] GREETING = line("vmm: Ctrl-A x ends the machine, Ctrl-A h says what else there is");
    private static final byte[] LEAVING_HELP =
            line("\r\nvmm: Ctrl-A d leaves the machine running, Ctrl-A x ends it,\r\nvmm: Ctrl-A Ctrl-A sends Ctrl-A, Ctrl-A h shows these lines");
    private static final byte[] LEAVING_GREETING = line("vmm: Ctrl-A d leaves the machine running, Ctrl-A x ends it, Ctrl-A h says more");
    private static final byte[] DROPPING =
            line("\r\nvmm: the guest does not read, so what is typed is dropped; Ctrl-A x ends the machine");

    private final int in;
    private final int out;
    private final FdOutputStream stream;
    private final OutputBuffer output;
    /** Null when it only goes with its machine. */
    private final Runnable leave;
    private SerialPort port;
    private InputQueue queue;
    private FdInput input;
    private Thread reader;
    /** Null when standard input is not a terminal. */
    private ConsoleTerminal terminal;
    private volatile boolean closing;

    private static final class Log {
        static final Logger LOG = LoggerFactory.getLogger(StdioConsole.class);
    }

    private static byte[] line(String text) {
        return (text + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The console of this process. Nothing is touched until {@link #attach}. */
    public StdioConsole() {
        this(STDIN, STDOUT, new NanoClock() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }
        });
    }

    /** As the public constructor, on other descriptors. */
    StdioConsole(int in, int out, NanoClock clock) {
        this(in, out, clock, null, StandardOutput::lose);
    }

    /**
     * @param leave  called at Ctrl-A d, on the console's own thread; the console is to be closed then
     * @param failed called when standard output cannot be written to, on a thread of the console's
     */
    static StdioConsole thatCanBeLeft(Runnable leave, Runnable failed) {
        return new StdioConsole(STDIN, STDOUT, System::nanoTime, leave, failed);
    }

    private StdioConsole(int in, int out, NanoClock clock, Runnable leave, Runnable failed) {
        this.leave = leave;
        this.in = isInherited(in) ? in : -1;
        this.out = isInherited(out) ? out : -1;
        this.stream = new FdOutputStream(this.out);
        this.output = new OutputBuffer("stdout", stream, OutputBuffer.CAPACITY, clock, OutputBuffer.STUCK_NANOS, failed);
    }

    /**
     * Whether a descriptor came from who started this process. When it came closed, the JVM has since opened some file
     * of its own under the number; those are closed on exec, which an inherited one cannot be.
     */
    private static boolean isInherited(int fd) {
        int flags = LibC.fcntl(fd, F_GETFD, 0);
        return flags >= 0 && (flags & FD_CLOEXEC) == 0;
    }

    @Override
    public SerialSink output() {
        return output;
    }

    @Override
    public synchronized void attach(SerialPort serialPort) throws IOException {
        if (port != null || closing) {
            throw new IllegalStateException("this console was attached or closed before");
        }
        input = new FdInput(in);
        try {
            if (in >= 0 && Termios.isTty(in)) {
                terminal = new ConsoleTerminal(in, input::wake);
            }
        } catch (IOException e) {
            input.close();
            throw e;
        }
        port = serialPort;
        if (terminal != null) {
            greet();
        }
        queue = new InputQueue(serialPort, terminal == null ? InputQueue.CAPACITY : InputQueue.TYPED_CAPACITY);
        reader = new Thread("console-in") {
            @Override
            public void run() {
                readUntilEnd();
            }
        };
        reader.setDaemon(true);
        serialPort.own(reader);
        startThreads();
    }

    /** All that the console will need: a host that has none later must not take the console from a machine. */
    private void startThreads() throws IOException {
        try {
            queue.start();
            output.start(port);
            Threads.start(reader);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private void greet() {
        if (port.hasWindow()) {
            terminal.tellSize(port);
            terminal.followWindow(input::wake);
        }
        if (out >= 0 && Termios.isTty(out)) {
            output.show(leave == null ? GREETING : LEAVING_GREETING);
        }
    }

    private void readUntilEnd() {
        byte[] bytes = new byte[BATCH];
        try {
            if (terminal == null) {
                passAll(bytes);
            } else {
                passTyped(terminal, bytes);
            }
        } catch (LinuxException e) {
            Log.LOG.info("stdin: no more input: {}", e.getMessage());
        } catch (InterruptedException e) {
            // Nobody but the owner of the process's threads interrupts this one: no more input then.
            Thread.currentThread().interrupt();
        }
    }

    private void passAll(byte[] bytes) throws LinuxException, InterruptedException {
        int n = input.read(bytes, true, -1);
        while (n != 0 && !closing) {
            if (n > 0) {
                queue.put(bytes, 0, n);
            }
            n = input.read(bytes, true, -1);
        }
    }

    /* Looks at the terminal from time to time: nothing tells a process that it was brought to the front. */
    private void passTyped(ConsoleTerminal from, byte[] bytes) throws LinuxException, InterruptedException {
        EscapeFilter escapes = new EscapeFilter(leave != null);
        byte[] passed = new byte[BATCH + 1];
        boolean isDropping = false;
        while (!closing) {
            boolean ours = from.isOurs();
            if (port.hasWindow()) {
                from.tellSize(port);
            }
            int n = input.read(bytes, ours, LOOK_MILLIS);
            if (n == 0) {
                return;
            }
            if (n > 0) {
                from.typed();
                int typed = escapes.filter(bytes, n, passed);
                if (escapes.takeHelpAsked()) {
                    output.show(leave == null ? HELP : LEAVING_HELP);
                }
                if (escapes.stopAsked()) {
                    port.requestStop("Ctrl-A x on the console");
                    return;
                }
                if (escapes.leaveAsked()) {
                    queue.offer(passed, 0, typed);
                    queue.awaitSent(LEAVE_LIMIT_MILLIS);
                    leave.run();
                    return;
                }
                boolean isWhole = queue.offer(passed, 0, typed) == typed;
                if (!isWhole && !isDropping) {
                    output.show(DROPPING);
                }
                isDropping = !isWhole || isDropping && !queue.isHalfEmpty();
            }
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closing) {
                return;
            }
            closing = true;
        }
        if (port != null) {
            endInput();
        }
        output.close();
        endLine();
        if (terminal != null) {
            terminal.close();
        }
    }

    /** The guest leaves the cursor anywhere: what the shell or this program says next on that terminal begins a line. */
    private void endLine() {
        if (out < 0 || !output.isDone() || !stream.isInLine() || !Termios.isTty(out)) {
            return;
        }
        try {
            stream.write(END_OF_LINE);
        } catch (IOException e) {
            Log.LOG.debug("stdout: {}", e.getMessage());
        }
    }

    private void endInput() {
        input.wake();
        queue.close();
        if (Threads.joinWithin(reader, CLOSE_LIMIT_MILLIS)) {
            input.close();
        }
    }
}
