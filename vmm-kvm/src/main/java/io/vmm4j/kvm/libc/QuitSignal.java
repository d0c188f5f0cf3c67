package io.vmm4j.kvm.libc;

import com.sun.jna.Function;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * SIGQUIT, at which a JVM prints all threads' stacks on standard output, which may be a guest's console. Here it is taken from the JVM,
 * but for the use that jcmd and jstack make of it: those leave a file before they send it.
 */
public final class QuitSignal {
    private static final int SIGQUIT = 3;

    private final Runnable action;
    private final SignalAction before;

    private QuitSignal(Runnable action, SignalAction before) {
        this.action = action;
        this.before = before;
    }

    /**
     * Takes the signal.
     *
     * @param action what to do at each
     */
    public static TakenSignal take(Runnable action) throws LinuxException {
        return TakenSignal.take(SIGQUIT, new QuitSignal(action, SignalAction.of(SIGQUIT))::taken);
    }

    private void taken() {
        if (!isAttachAsked()) {
            action.run();
        } else if (before.isHandled()) {
            Function.getFunction(new Pointer(before.handler())).invokeVoid(new Object[] {SIGQUIT, Pointer.NULL, Pointer.NULL});
        }
        // Else the JVM was started with -Xrs and is reached without the signal, or not at all, which the tool says.
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
