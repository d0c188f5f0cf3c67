package io.vmm4j.cli;

import io.vmm4j.kvm.libc.Termios;
import java.io.PrintStream;
import java.util.concurrent.TimeUnit;

/** How far something is that takes its time: one line on a terminal's standard error that is written again and again, and nothing elsewhere. Thread-safe. */
final class ProgressLine implements AutoCloseable {

    private static final int STDERR = 2;
    private static final long MIB = 1 << 20;
    /** What is done by then needs no line. */
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(400);
    private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final String TO_START_AND_CLEAR = "\r\u001b[K";

    private final PrintStream terminal;
    private final String what;
    private long dueNanos = System.nanoTime() + PATIENCE_NANOS;
    private boolean isShown;

    private ProgressLine(PrintStream terminal, String what) {
        this.terminal = terminal;
        this.what = what;
    }

    /** @param err standard error */
    static ProgressLine onTerminal(PrintStream err, String what) {
        return new ProgressLine(Termios.isTty(STDERR) ? err : null, what);
    }

    /** For a terminal, whatever it is. */
    static ProgressLine on(PrintStream terminal, String what) {
        ProgressLine line = new ProgressLine(terminal, what);
        line.dueNanos = System.nanoTime();
        return line;
    }

    /** So many bytes of so many are done with. */
    synchronized void show(long bytes, long of) {
        if (terminal == null || of <= 0 || System.nanoTime() - dueNanos < 0) {
            return;
        }
        dueNanos = System.nanoTime() + INTERVAL_NANOS;
        isShown = true;
        terminal.print(TO_START_AND_CLEAR + what + " " + Math.min(100, bytes * 100 / of) + " % of " + of / MIB + " MiB");
        terminal.flush();
    }

    /** Takes the line away. */
    @Override
    public synchronized void close() {
        if (isShown) {
            isShown = false;
            terminal.print(TO_START_AND_CLEAR);
            terminal.flush();
        }
    }
}
