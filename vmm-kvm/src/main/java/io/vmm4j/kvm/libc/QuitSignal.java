package io.vmm4j.kvm.libc;

import com.sun.jna.Function;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * SIGQUIT, which the JVM keeps for itself: it prints all threads' stacks on standard output then, which may be a guest's console.
 * Here it is taken from the JVM, but for the use that jcmd and jstack make of it: those leave a file before they send it.
 */
public final class QuitSignal implements Runnable, AutoCloseable {
    private static final int SIGQUIT = 3;
    private static final short POLLIN = 1;

    private final Runnable action;
    private final EventFd event;
    private final SignalAction before;
    private volatile boolean closed;

    private QuitSignal(Runnable action, EventFd event, SignalAction before) {
        this.action = action;
        this.event = event;
        this.before = before;
    }

    /**
     * Takes the signal for the rest of the process. Whoever called goes on to {@link #run} the result, on a thread that has
     * nothing else to do.
     *
     * @param action what to do at each signal
     */
    public static QuitSignal take(Runnable action) throws LinuxException {
        EventFd event = EventFd.create();
        try {
            SignalAction before = SignalAction.of(SIGQUIT);
            long handler = HandlerCode.signalling(event);
            new SignalAction(handler, SignalAction.SA_RESTART | SignalAction.SA_ONSTACK | SignalAction.SA_RESTORER, HandlerCode.restorer(handler), 0)
                    .set(SIGQUIT);
            return new QuitSignal(action, event, before);
        } catch (LinuxException e) {
            event.close();
            throw e;
        }
    }

    /** Waits for signals until the {@link #close}. */
    @Override
    public void run() {
        NativeStruct pollfd = NativeStruct.allocate(8);
        pollfd.bytes().putInt(0, event.fd()).putShort(4, POLLIN);
        while (!closed) {
            if (LibC.poll(pollfd, 1, -1) < 0 && LibC.errno() != Errno.EINTR) {
                return;
            }
            if (event.drain() > 0 && !closed) {
                taken();
            }
        }
    }

    /**
     * Ends the wait; signals from now on do nothing. For the end of the process, which Java puts off by 300 ms while a thread is inside
     * a system call.
     */
    @Override
    public void close() {
        closed = true;
        // Not closed: the handler stays, and writes to it.
        event.signal();
    }

    private void taken() {
        if (before.isHandled() && isAttachAsked()) {
            Function.getFunction(new Pointer(before.handler())).invokeVoid(new Object[] {SIGQUIT, Pointer.NULL, Pointer.NULL});
        } else {
            action.run();
        }
    }

    /** Whether a tool of the JDK's has left its file, where the JVM looks for it. */
    private static boolean isAttachAsked() {
        String name = ".attach_pid" + ProcessCalls.getpid();
        return isOurs(Path.of("/proc/self/cwd", name)) || isOurs(Path.of("/tmp", name));
    }

    private static boolean isOurs(Path file) {
        try {
            return Files.getAttribute(file, "unix:uid").equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        } catch (IOException e) {
            // Not there, as a rule.
            return false;
        }
    }
}
