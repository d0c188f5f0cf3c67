package io.vmm4j.kvm.libc;

/**
 * A process that takes SIGQUIT and ignores stray signals; prints a line when that is done, one for each SIGQUIT, and one when it
 * takes no more, at the end of its input.
 */
final class SignalProcess {

    static final String READY = "ready";
    static final String QUIT = "quit";
    static final String CLOSED = "closed";

    private SignalProcess() {
    }

    public static void main(String[] args) throws Exception {
        StraySignals.ignore();
        TakenSignal quit = QuitSignal.take(() -> System.out.println(QUIT));
        System.out.println(READY);
        System.in.read();
        quit.close();
        System.out.println(CLOSED);
    }
}
