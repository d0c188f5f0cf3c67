package io.vmm4j.kvm.libc;

/**
 * Brings signals from the code that handles them, which may only write their numbers into a pipe, to those who have taken them.
 * One a process, since signals are; its pipe and code stay for the rest of it. The thread that reads the pipe is there while a signal
 * is taken: Java puts off the process's end by 300 ms while one is inside a system call. Thread-safe.
 */
final class SignalDispatcher {
    private static final int LAST_SIGNAL = 64;
    private static final int CAPACITY = 64;
    private static final int FOREVER = -1;
    private static final long END_LIMIT_MILLIS = 100;

    private static SignalDispatcher ofThisProcess;

    private final Fd pipe;
    private final Fd pipeIn;
    private final SignalAction writing;
    private final TakenSignal[] takers = new TakenSignal[LAST_SIGNAL + 1];
    private int taken;
    private Thread thread;

    private SignalDispatcher() throws LinuxException {
        NativeStruct ends = NativeStruct.allocate(2 * Integer.BYTES);
        if (ProcessCalls.pipe(ends, Fd.O_NONBLOCK | Fd.O_CLOEXEC) != 0) {
            throw new LinuxException("pipe2", LibC.errno());
        }
        pipe = Fd.of(ends.bytes().getInt(0));
        pipeIn = Fd.of(ends.bytes().getInt(Integer.BYTES));
        try {
            long handler = HandlerCode.writing(pipeIn.value());
            writing = new SignalAction(handler, SignalAction.SA_RESTART | SignalAction.SA_ONSTACK | SignalAction.SA_RESTORER,
                    HandlerCode.restorer(handler), 0);
        } catch (LinuxException e) {
            pipe.close();
            pipeIn.close();
            throw e;
        }
    }

    static synchronized SignalDispatcher get() throws LinuxException {
        if (ofThisProcess == null) {
            ofThisProcess = new SignalDispatcher();
        }
        return ofThisProcess;
    }

    /** What the kernel is to do at a signal that somebody has taken. */
    SignalAction writing() {
        return writing;
    }

    /**
     * Makes {@code taker} the one who gets the signal.
     *
     * @return who was it, or {@code null}
     */
    synchronized TakenSignal put(int signal, TakenSignal taker) throws LinuxException {
        if (thread == null) {
            // First, since there may be no thread to be had.
            Thread reader = new Thread(this::read, "vmm-signals");
            reader.setDaemon(true);
            reader.start();
            thread = reader;
        }
        try {
            writing.set(signal);
        } catch (LinuxException e) {
            endWhenIdle();
            throw e;
        }
        TakenSignal before = takers[signal];
        takers[signal] = taker;
        if (before == null) {
            taken++;
            wake();
        }
        return before;
    }

    /** Makes {@code next} the one who gets the signal in place of {@code taker}, if that is who gets it; {@code null} for nobody. */
    void replace(int signal, TakenSignal taker, TakenSignal next) throws LinuxException {
        Thread ending = null;
        synchronized (this) {
            if (takers[signal] == taker) {
                takers[signal] = next;
                if (next == null) {
                    taker.before().set(signal);
                    taken--;
                    ending = endWhenIdle();
                }
            }
        }
        if (ending != null) {
            await(ending);
        }
    }

    /** Has the thread end when nothing is taken any more; returns it then. */
    private Thread endWhenIdle() {
        Thread ending = taken == 0 ? thread : null;
        if (ending != null) {
            thread = null;
            wake();
        }
        return ending;
    }

    private void wake() {
        NativeStruct nothing = NativeStruct.allocate(1);
        try {
            pipeIn.write(nothing.address(), 1);
        } catch (LinuxException e) {
            throw new IllegalStateException("a pipe of this process's own cannot be written to: " + e.getMessage(), e);
        }
    }

    private static void await(Thread ending) {
        try {
            ending.join(END_LIMIT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void read() {
        NativeStruct numbers = NativeStruct.allocate(CAPACITY);
        try {
            do {
                letIn();
                pipe.poll(Fd.POLLIN, FOREVER);
                long n = pipe.read(numbers.address(), CAPACITY);
                for (int i = 0; i < n; i++) {
                    dispatch(numbers.bytes().get(i));
                }
            } while (isNeeded());
        } catch (LinuxException e) {
            throw new IllegalStateException("a pipe of this process's own cannot be read: " + e.getMessage(), e);
        }
    }

    /** A process may be started with signals blocked, as a JVM's children are with SIGQUIT: here they come in. */
    private synchronized void letIn() {
        long signals = 0;
        for (int signal = 1; signal <= LAST_SIGNAL; signal++) {
            signals |= takers[signal] == null ? 0 : 1L << signal - 1;
        }
        ProcessCalls.sigprocmask(ProcessCalls.SIG_UNBLOCK, signals);
    }

    private synchronized boolean isNeeded() {
        return thread == Thread.currentThread();
    }

    private void dispatch(int signal) {
        TakenSignal taker;
        synchronized (this) {
            taker = takers[signal];
        }
        if (taker == null) {
            return;
        }
        // A thread for each, as the JVM has it: one may end the process, which waits for the end of this one.
        Thread action = new Thread(taker.action(), "signal-" + signal);
        action.setDaemon(true);
        try {
            action.start();
        } catch (OutOfMemoryError e) {
            taker.action().run();
        }
    }
}
