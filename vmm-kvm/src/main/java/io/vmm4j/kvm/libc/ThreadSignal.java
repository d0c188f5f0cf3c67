package io.vmm4j.kvm.libc;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.lang.ref.Reference;

/**
 * The signal that gets a thread out of a blocking system call with EINTR, above all a vCPU thread out of KVM_RUN.
 *
 * <p>Its handler is the address of a harmless libc function, {@code getpid}: a Java callback must never be a signal
 * handler, since the thread it interrupts may be anywhere inside the JVM. It is installed without SA_RESTART, once a
 * process, on first use.
 *
 * <p>It is a standard signal, which always arrives: a real-time one is refused (EAGAIN) where the user's signals that wait
 * have reached RLIMIT_SIGPENDING, and another process of the user can see to that. Thread-safe.
 */
public final class ThreadSignal {
    /** SIGURG: no JVM uses it, the kernel sends it to owners of sockets who ask for that, and who does not know it ignores it. */
    static final int SIGNAL = 23;

    /* struct sigaction of the C library: handler 0, sa_mask (128 bytes) 8, int sa_flags 136, sa_restorer 144 */
    private static final int SIGACTION_SIZE = 152;
    private static final int SA_HANDLER = 0;

    private ThreadSignal() {
    }

    /**
     * The calling thread as a target for {@link Target#kick()}, with the handler in place and the signal let through: the
     * process may have been started with it blocked, and a thread that blocks it is not got out of anything.
     */
    public static Target current() {
        Installed.ensure();
        if (ProcessCalls.sigprocmask(ProcessCalls.SIG_UNBLOCK, 1L << SIGNAL - 1) != 0) {
            throw new IllegalStateException("rt_sigprocmask(" + SIGNAL + ") failed, so vCPU threads could not be stopped");
        }
        return new Target(ProcessCalls.getpid(), ProcessCalls.gettid());
    }

    /** Class initialisation as the once-only latch: no thread gets a target before the handler is in place. */
    private static final class Installed {
        static {
            NativeLibrary libc = NativeLibrary.getProcess();
            NativeStruct action = NativeStruct.allocate(SIGACTION_SIZE);
            action.bytes().putLong(SA_HANDLER, Pointer.nativeValue(libc.getFunction("getpid")));
            Function sigaction = libc.getFunction("sigaction");
            int result = sigaction.invokeInt(new Object[] {SIGNAL, new Pointer(action.address()), Pointer.NULL});
            Reference.reachabilityFence(action);
            if (result != 0) {
                throw new IllegalStateException("sigaction(" + SIGNAL + ") failed, so vCPU threads could not be stopped");
            }
        }

        static void ensure() {
            // Being called is the point: it runs the initialiser.
        }
    }

    /** One thread of this process, to be kicked by any other. */
    public static final class Target {
        private final int pid;
        private final int tid;

        private Target(int pid, int tid) {
            this.pid = pid;
            this.tid = tid;
        }

        /** The kernel's number of the thread. */
        public int tid() {
            return tid;
        }

        /**
         * Sends the signal. A thread that is not inside a system call takes no notice, so the caller also sets a flag
         * that the thread looks at before it blocks.
         *
         * @return false when the thread has ended
         */
        public boolean kick() {
            return ProcessCalls.tgkill(pid, tid, SIGNAL) == 0;
        }
    }
}
