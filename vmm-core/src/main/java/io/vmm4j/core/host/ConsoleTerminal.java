package io.vmm4j.core.host;

import io.vmm4j.core.console.SerialPort;
import io.vmm4j.kvm.libc.JobControl;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Termios;
import io.vmm4j.kvm.libc.WindowChange;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A terminal that is a guest's console: raw from the start to the {@link #close}, but for the time that the process is suspended
 * or in the background, and as it was when the JVM is shut down. Thread-safe.
 */
final class ConsoleTerminal implements AutoCloseable {

    private final int fd;
    private final RawTerminal raw;
    private final Thread hook;
    /** Null when the signals are not to be had. */
    private JobControl jobControl;
    /** Null when nobody wants to know the terminal's size. */
    private WindowChange windowChange;
    private boolean isSizeMissed;

    private static final class Log {
        static final Logger LOG = LoggerFactory.getLogger(ConsoleTerminal.class);
    }

    /**
     * Makes the terminal {@code fd} raw, or leaves it for the time that it is another job's.
     *
     * @param wake called by signals after which the terminal is to be looked at; on any thread
     * @throws IOException when it is the console of another machine in this process, or cannot be made raw; it is as it was then
     */
    ConsoleTerminal(int fd, Runnable wake) throws IOException {
        this.fd = fd;
        this.raw = new RawTerminal(fd);
        this.hook = new Thread("console-restore") {
            @Override
            public void run() {
                restore();
            }
        };
        try {
            // Before the change, so that no signal can come between.
            Runtime.getRuntime().addShutdownHook(hook);
        } catch (IllegalStateException e) {
            restore();
            throw new IOException("the process is shutting down", e);
        }
        try {
            followJob(wake);
            raw.enter();
        } catch (LinuxException e) {
            close();
            throw e;
        }
    }

    private void followJob(Runnable wake) {
        try {
            jobControl = JobControl.listen(new JobControl.Listener() {
                @Override
                public void suspending() {
                    tryTo(raw::suspend);
                }

                @Override
                public void resumed() {
                    tryTo(raw::resume);
                    wake.run();
                }
            });
        } catch (LinuxException e) {
            Log.LOG.debug("signals of job control are not to be had, the terminal is looked at from time to time: {}", e.getMessage());
        }
    }

    /** Has {@code wake} called when the terminal's size changes. */
    void followWindow(Runnable wake) {
        try {
            windowChange = WindowChange.listen(wake);
        } catch (LinuxException e) {
            Log.LOG.debug("SIGWINCH is not to be had, the terminal's size is looked at from time to time: {}", e.getMessage());
        }
    }

    /** Tells {@code port} the terminal's size. */
    void tellSize(SerialPort port) {
        try {
            Termios.WindowSize size = Termios.windowSize(fd);
            port.resize(size.columns(), size.rows());
        } catch (LinuxException e) {
            if (!isSizeMissed) {
                isSizeMissed = true;
                Log.LOG.debug("the terminal does not tell its size: {}", e.getMessage());
            }
        }
    }

    /** Whether the terminal may be read now; makes it raw again where somebody has changed that. */
    boolean isOurs() throws LinuxException {
        boolean ours = raw.isOurs();
        if (ours) {
            raw.enter();
        }
        return ours;
    }

    /** Says that something was typed just now. */
    void typed() {
        raw.typed();
    }

    private interface Change {
        void run() throws LinuxException;
    }

    private static void tryTo(Change change) {
        try {
            change.run();
        } catch (LinuxException e) {
            // A terminal that was hung up has no settings left.
            Log.LOG.debug("terminal settings were not changed: {}", e.getMessage());
        }
    }

    private void restore() {
        tryTo(raw::restore);
    }

    /** Puts all settings back as they were found. A second call does nothing. */
    @Override
    public void close() {
        if (windowChange != null) {
            windowChange.close();
            windowChange = null;
        }
        if (jobControl != null) {
            jobControl.close();
            jobControl = null;
        }
        restore();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            Log.LOG.trace("the JVM is shutting down; its hook finds nothing left to do");
        }
    }
}
