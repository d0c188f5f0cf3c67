package io.vmm4j.kvm.libc;

/**
 * Signals that mean nothing to a machine and would end or crash its process: timers, SIGUSR1 and SIGUSR2, SIGIO, SIGPWR, the
 * real-time signals. The ones that the JVM or this library use, and those that a parent process has had ignored, stay as they are.
 */
public final class StraySignals {
    private static final int[] NAMED = {10, 12, 14, 16, 26, 27, 29, 30}; // USR1 USR2 ALRM STKFLT VTALRM PROF IO PWR
    private static final int FIRST_REAL_TIME = 32;
    private static final int LAST_REAL_TIME = 64;
    /** The environment variable by which the JVM's own signal is chosen, and the one it is otherwise. */
    private static final String JVM_SIGNAL = "_JAVA_SR_SIGNUM";
    private static final int SIGUSR2 = 12;

    private StraySignals() {
    }

    /** Has them ignored for the rest of the process. */
    public static void ignore() throws LinuxException {
        shieldJvm();
        for (int signal : NAMED) {
            ignoreUnused(signal);
        }
        for (int signal = FIRST_REAL_TIME; signal <= LAST_REAL_TIME; signal++) {
            ignoreUnused(signal);
        }
    }

    private static void ignoreUnused(int signal) throws LinuxException {
        if (SignalAction.of(signal).handler() == SignalAction.DEFAULT) {
            SignalAction.ignore().set(signal);
        }
    }

    /** The JVM suspends its threads with a signal, and crashes when that comes from elsewhere. */
    private static void shieldJvm() throws LinuxException {
        int signal = jvmSignal();
        SignalAction action = SignalAction.of(signal);
        if (action.isHandled() && (action.flags() & SignalAction.SA_SIGINFO) != 0) {
            action.withHandler(HandlerCode.fromThreadsOnly(action.handler())).set(signal);
        }
    }

    private static int jvmSignal() {
        String chosen = System.getenv(JVM_SIGNAL);
        return chosen != null && chosen.matches("1[2-9]|[2-5]\\d|6[0-4]") ? Integer.parseInt(chosen) : SIGUSR2;
    }
}
