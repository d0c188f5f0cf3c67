package io.vmm4j.kvm.libc;

/** Ends this process as the kernel would have, for who has taken a signal only to put things in order first. */
public final class ProcessEnd {

    private ProcessEnd() {
    }

    /**
     * Has {@code signal} do what it does by default, and sends it to this thread: whoever waits for the process learns that this signal has
     * ended it. Comes back only where that signal ends no process.
     *
     * @param signal its number, of those that can be taken
     * @throws LinuxException EINVAL for another one; the process goes on
     */
    public static void by(int signal) throws LinuxException {
        new SignalAction(SignalAction.DEFAULT, 0, 0, 0).set(signal);
        ProcessCalls.sigprocmask(ProcessCalls.SIG_UNBLOCK, 1L << signal - 1);
        ProcessCalls.tgkill(ProcessCalls.getpid(), ProcessCalls.gettid(), signal);
    }
}
